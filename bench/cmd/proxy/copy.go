package main

import (
	"io"
	"net"

	"memgraph-controller/bench/remote"
)

// serveCopies makes this process the plainest proxy. Between two TCP connections
// io.Copy splices: bytes do not leave the kernel.
func serveCopies(upstream string, handlers map[string]remote.Handler, failed chan<- error) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handlers["address"] = remote.Func(func(remote.Nothing) (string, error) { return listener.Addr().String(), nil })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				failed <- err
				return
			}
			go join(client.(*net.TCPConn), upstream)
		}
	}()
	return nil
}

// join carries one client. What one side ends is ended on the other.
func join(client *net.TCPConn, upstream string) {
	defer func() { _ = client.Close() }()
	conn, err := net.Dial("tcp", upstream)
	if err != nil {
		return
	}
	defer conn.Close()
	server, ended := conn.(*net.TCPConn), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(server, client)
		_ = server.CloseWrite()
	}()
	_, _ = io.Copy(client, server)
	_ = client.CloseWrite()
	<-ended
}
