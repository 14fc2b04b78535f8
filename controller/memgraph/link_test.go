package memgraph_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/controller/memgraph"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer listens and gives every connection to serve.
func peer(t *testing.T, serve func(net.Conn)) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		all.Wait()
	})
	return listener.Addr().String()
}

func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// handshake accepts Bolt 5.2.
func handshake(conn net.Conn) {
	_, _ = io.ReadFull(conn, make([]byte, 20))
	_, _ = conn.Write([]byte{0, 0, 2, 5})
}

// nowhere is an address that swallows packets: its queue of connections is full.
func nowhere(t *testing.T) (address string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
}

// methods are all methods that talk to the instance.
func methods(client *memgraph.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"ask memgraph-1: ":                             func(ctx context.Context) error { _, err := client.Ask(ctx); return err },
		"read the storage of memgraph-1: ":             func(ctx context.Context) error { _, err := client.Storage(ctx); return err },
		"read the settings of memgraph-1: ":            func(ctx context.Context) error { _, err := client.Settings(ctx); return err },
		"promote memgraph-1: ":                         client.Promote,
		"demote memgraph-1: ":                          client.Demote,
		"register memgraph-0 as async at memgraph-1: ": func(ctx context.Context) error { return client.Register(ctx, "memgraph-0", "async", "10.0.0.1:10000") },
		"drop memgraph-0 at memgraph-1: ":              func(ctx context.Context) error { return client.Drop(ctx, "memgraph-0") },
		"mark the epoch on memgraph-1: ":               client.Mark,
		"create user app on memgraph-1: ":              func(ctx context.Context) error { return client.EnsureUser(ctx, "app", "pw") },
	}
}

func TestErrorsKeepTheirCauseAndNameTheirObjectOnce(t *testing.T) {
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refusing.Close())
	for name, test := range map[string]struct {
		address string
		cause   error
	}{
		"refused":                  {refusing.Addr().String(), syscall.ECONNREFUSED},
		"packets swallowed":        {nowhere(t), context.DeadlineExceeded},
		"accepts and says nothing": {peer(t, silent), context.DeadlineExceeded},
		"silent after handshake":   {peer(t, func(conn net.Conn) { handshake(conn); silent(conn) }), context.DeadlineExceeded},
		"reset": {peer(t, func(conn net.Conn) {
			handshake(conn)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}), syscall.ECONNRESET},
		"closed": {peer(t, func(conn net.Conn) { _, _ = io.ReadFull(conn, make([]byte, 20)) }), io.EOF},
	} {
		client := open(t, memgraph.Config{Address: test.address})
		for object, method := range methods(client) {
			t.Run(name+"/"+object, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				err := method(ctx)
				require.ErrorIs(t, err, test.cause)
				require.Equal(t, object, err.Error()[:len(object)])
				require.NotContains(t, err.Error(), "ConnectivityError")
			})
		}
	}
}

func TestContextWithoutDeadlineGetsTheDefault(t *testing.T) {
	client := open(t, memgraph.Config{Address: peer(t, silent), AskTimeout: time.Millisecond, Timeout: time.Millisecond})
	for _, method := range methods(client) {
		require.ErrorIs(t, method(context.Background()), context.DeadlineExceeded)
	}
}

func TestGarbageIsAnError(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing Bolt has":    "SSH-2.0-OpenSSH_9.6\r\n",
		"HTTP":                "HTTP/1.1 400 Bad Request\r\n\r\n",
		"no version":          "\x00\x00\x00\x00",
		"a version of future": "\x00\x00\x00\x63",
		"no message":          "\x00\x00\x02\x05\x00\x04abcd\x00\x00",
		"unknown message":     "\x00\x00\x02\x05\x00\x02\xb0\x01\x00\x00",
		"record for HELLO":    "\x00\x00\x02\x05\x00\x03\xb1\x71\x90\x00\x00",
		"half a message":      "\x00\x00\x02\x05\x00\x09\xb1",
		"failure, no text":    "\x00\x00\x02\x05\x00\x03\xb1\x7f\xa0\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			client := open(t, memgraph.Config{Address: peer(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, answer)
				_ = conn.(*net.TCPConn).CloseWrite()
				silent(conn)
			})})
			_, err := client.Ask(t.Context())
			require.ErrorContains(t, err, "ask memgraph-1: ")
			require.ErrorContains(t, client.Promote(soon(t)), "promote memgraph-1: ")
		})
	}
}

func TestStatementsShareAConnectionUntilOneGoesWrong(t *testing.T) {
	client, server := play(t,
		on(createMark), on(dropMark), on("SHOW CONFIG").hangs(),
		on(createMark), on(dropMark))
	require.NoError(t, client.Mark(t.Context()))
	require.Equal(t, 1, server.connected())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := client.Settings(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, client.Mark(t.Context()))
	require.Equal(t, 2, server.connected())
}

func TestConnectionThatLostItsOrderIsNotUsedAgain(t *testing.T) {
	const success, record = "\x00\x03\xb1\x70\xa0\x00\x00", "\x00\x03\xb1\x71\x90\x00\x00"
	var connections atomic.Int32
	client := open(t, memgraph.Config{Address: peer(t, func(conn net.Conn) {
		connections.Add(1)
		handshake(conn)
		_, _ = io.WriteString(conn, success+success+record) // HELLO, LOGON, and no record for RUN
		silent(conn)
	})})
	for used := range int32(2) {
		err := client.Promote(soon(t))
		require.ErrorContains(t, err, "protocol violation")
		require.Equal(t, used+1, connections.Load())
	}
}

func TestStatementAfterARestartOfTheServerSucceeds(t *testing.T) {
	s := &script{t: t, steps: []step{on(createMark), on(dropMark), on(createMark), on(dropMark)}}
	address, stop := s.listen("127.0.0.1:0")
	client := open(t, memgraph.Config{Address: address})
	require.NoError(t, client.Mark(t.Context()))
	stop()

	_, stop = s.listen(address)
	defer stop()
	require.NoError(t, client.Mark(t.Context()))
}

func TestStatementsOfSeveralCallersRunOneAfterTheOther(t *testing.T) {
	client, server := play(t)
	server.always(map[string]step{createMark: on(createMark), dropMark: on(dropMark)})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { require.NoError(t, client.Mark(t.Context())) })
	}
	all.Wait()
	require.Equal(t, 1, server.connected())
}

func TestCallerThatWaitsForAnotherStatementHasItsOwnDeadline(t *testing.T) {
	client, server := play(t, on("SHOW CONFIG").hangs())
	stuck := make(chan error, 1)
	go func() {
		_, err := client.Settings(t.Context())
		stuck <- err
	}()
	require.Eventually(t, func() bool { return server.left() == 0 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := client.Mark(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "waiting for another statement")
	client.Close()
	require.ErrorContains(t, <-stuck, "the client is closed")
}

func TestClosedClientFails(t *testing.T) {
	client, server := play(t)
	client.Close()
	client.Close()
	for object, method := range methods(client) {
		err := method(t.Context())
		require.ErrorContains(t, err, object)
		require.ErrorContains(t, err, "the client is closed")
	}
	require.Zero(t, server.connected())
}

func TestCredentialsLogIn(t *testing.T) {
	s := &script{t: t, steps: []step{role("replica")}}
	address, stop := s.listen("127.0.0.1:0")
	t.Cleanup(stop)
	client := open(t, memgraph.Config{Address: address, User: "app", Password: "pw"})
	_, err := client.Ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, []bolt.Auth{{Scheme: "basic", Principal: "app", Credentials: "pw"}}, s.logins)

	client = open(t, memgraph.Config{Address: address, User: "app", Password: "wrong"})
	err = client.Promote(t.Context())
	require.EqualError(t, err, "promote memgraph-1: Authentication failure")
}

func TestOpenRefusesAddressesItCannotUse(t *testing.T) {
	for want, config := range map[string]memgraph.Config{
		"the instance has no name":                  {Address: "a:1", ReplicationAddress: "a:2"},
		"the Bolt address has to be host:port":      {Name: "x", Address: "a", ReplicationAddress: "a:2"},
		"the replication address has to be host":    {Name: "x", Address: "a:1", ReplicationAddress: "a"},
		`number from 1 to 65535, not "0"`:           {Name: "x", Address: "a:1", ReplicationAddress: "a:0"},
		`number from 1 to 65535, not "65536"`:       {Name: "x", Address: "a:1", ReplicationAddress: "a:65536"},
		`number from 1 to 65535, not "replication"`: {Name: "x", Address: "a:1", ReplicationAddress: "a:replication"},
	} {
		_, err := memgraph.Open(config)
		require.ErrorContains(t, err, want)
	}
}
