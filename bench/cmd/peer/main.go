// Command peer is one of the two parties around a proxy in the benchmarks: the
// answering server (upstream) or the clients (crowd). It follows commands on its
// standard input (package remote) and ends with it.
package main

import (
	"fmt"
	"net"
	"os"

	"memgraph-controller/bench/answer"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/remote"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("say which one: upstream or crowd")
	}
	switch args[0] {
	case "upstream":
		return upstream()
	case "crowd":
		return remote.Serve(os.Stdin, os.Stdout, crowd.Handlers())
	default:
		return fmt.Errorf("there is no %q: upstream or crowd", args[0])
	}
}

// upstream answers on an address that it tells when asked.
func upstream() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- answer.Serve(listener) }()
	go func() {
		failed <- remote.Serve(os.Stdin, os.Stdout, map[string]remote.Handler{
			"address": remote.Func(func(remote.Nothing) (string, error) { return listener.Addr().String(), nil }),
		})
	}()
	return <-failed
}
