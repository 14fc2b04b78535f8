// Command proxy is a proxy of the benchmarks, in front of one upstream:
//
//	proxy writes 127.0.0.1:7687   the gateway as the controller runs it for writers
//	proxy reads  127.0.0.1:7687   the same for readers
//	proxy copy   127.0.0.1:7687   two io.Copy for each connection
//
// It follows commands on its standard input (package remote) and ends with it.
package main

import (
	"fmt"
	"os"
	"runtime"

	"memgraph-controller/bench/remote"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("say what to be (writes, reads or copy) and where the upstream is")
	}
	handlers := map[string]remote.Handler{"allocations": remote.Func(allocations)}
	failed := make(chan error, 1)
	var err error
	switch kind, upstream := args[0], args[1]; kind {
	case "writes", "reads":
		serveGateway(kind, upstream, handlers, failed)
	case "copy":
		err = serveCopies(upstream, handlers, failed)
	default:
		err = fmt.Errorf("there is no %q: writes, reads or copy", kind)
	}
	if err != nil {
		return err
	}
	go func() { failed <- remote.Serve(os.Stdin, os.Stdout, handlers) }()
	return <-failed
}

// allocations is how many objects this process has allocated.
func allocations(remote.Nothing) (uint64, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs, nil
}
