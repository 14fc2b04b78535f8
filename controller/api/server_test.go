package api

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerAnswersUntilItsContextEndsAndLeavesNothing(t *testing.T) {
	bound := make(chan net.Addr, 1)
	server, err := New(Config{
		Address: "127.0.0.1:0", Backend: healthyBackend(), Log: slog.New(slog.DiscardHandler),
		Registry: prometheus.NewRegistry(),
		Listen: func(_ context.Context, network, address string) (net.Listener, error) {
			listener, err := net.Listen(network, address)
			bound <- listener.Addr()
			return listener, err
		},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := Client{Base: "http://" + (<-bound).String(), HTTP: &http.Client{Transport: transport}}
	status, err := client.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, "demo", status.Cluster)

	cancel()
	require.NoError(t, <-done)
	_, err = client.Status(t.Context())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestServerNamesTheAddressThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	server, err := New(Config{
		Address: taken.Addr().String(), Backend: healthyBackend(), Log: slog.New(slog.DiscardHandler),
		Registry: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	err = server.Run(t.Context())
	require.ErrorContains(t, err, "listen for HTTP on "+taken.Addr().String())
	require.ErrorContains(t, err, "address already in use")
}

func TestNewRefusesAnAddressWithoutPort(t *testing.T) {
	_, err := New(Config{Address: "localhost", Backend: healthyBackend(), Registry: prometheus.NewRegistry()})
	require.ErrorContains(t, err, `http address "localhost"`)
}

func TestWhoNeverFinishesHisRequestIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, healthyBackend())
		defer stop()
		conn := listener.dial()
		begun := time.Now()
		var writer sync.WaitGroup
		writer.Go(func() {
			for _, err := conn.Write([]byte("GET / HTTP/1.1\r\n")); err == nil; _, err = conn.Write([]byte("X-Slow: 1\r\n")) {
				time.Sleep(time.Second)
			}
		})
		_, _ = io.Copy(io.Discard, conn)
		writer.Wait()
		require.LessOrEqual(t, time.Since(begun), readHeaderTimeout+time.Second)
	})
}

func TestConnectionsThatRestAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, stop := runInMemory(t, healthyBackend())
		defer stop()
		conn := listener.dial()
		_, err := conn.Write([]byte("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		begun := time.Now()
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), "200 OK")
		require.Equal(t, idleTimeout, time.Since(begun))
	})
}

// slowBackend takes a while for a switchover, or until its context ends.
type slowBackend struct {
	*fakeBackend
	takes time.Duration
}

func (b slowBackend) Switchover(ctx context.Context, _ SwitchoverRequest) (Accepted, error) {
	select {
	case <-time.After(b.takes):
		return Accepted{Message: "taken down late"}, nil
	case <-ctx.Done():
		return Accepted{}, Unavailable("it took too long", "try again")
	}
}

func TestCallsUnderWayMayFinishDuringAShutdown(t *testing.T) {
	cases := map[string]struct {
		takes  time.Duration
		answer string
	}{
		"within the grace": {shutdownGrace / 2, "taken down late"},
		"beyond the grace": {shutdownGrace * 2, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener, stop := runInMemory(t, slowBackend{healthyBackend(), c.takes})
				conn := listener.dial()
				_, err := conn.Write([]byte("POST /api/v1/switchover HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\r\nContent-Length: 0\r\n\r\n"))
				require.NoError(t, err)
				answer := make(chan string)
				go func() {
					read, _ := io.ReadAll(conn)
					answer <- string(read)
				}()
				synctest.Wait()
				begun := time.Now()
				stop()
				require.LessOrEqual(t, time.Since(begun), shutdownGrace+time.Second)
				if read := <-answer; c.answer != "" {
					require.Contains(t, read, c.answer)
				} else {
					require.Empty(t, read)
				}
			})
		})
	}
}

func TestACallThatTakesTooLongIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newHandler(t, slowBackend{healthyBackend(), time.Hour}, loopback, "")
		begun := time.Now()
		answer := ask(handler, http.MethodPost, "/api/v1/switchover", "")
		require.Equal(t, http.StatusServiceUnavailable, answer.Code)
		require.Equal(t, backendTimeout, time.Since(begun))
	})
}

func TestListenerClosesConnectionsAboveItsLimitAndTakesNewOnesWhenOneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := make(pipes)
		limited := newLimitedListener(inner, 1)
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for conn, err := limited.Accept(); err == nil; conn, err = limited.Accept() {
				accepted <- conn
			}
		}()
		inner.dial()
		first := <-accepted
		_, err := inner.dial().Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "a connection above the limit is closed")

		require.NoError(t, first.Close())
		require.NoError(t, first.Close(), "closing twice frees one place only")
		inner.dial()
		second := <-accepted
		_, err = inner.dial().Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, second.Close())
		require.NoError(t, inner.Close())
		<-accepted
	})
}
