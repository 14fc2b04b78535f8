package login_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
	"memgraph-controller/gateway/login"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a cluster in memory: instances by their names, a write gateway that says who
// is main, and a read gateway that checks logins.
type house struct {
	t           *testing.T
	net         pipenet.Network
	log         lockedBuffer
	write, read *gateway.Gateway
	epoch       uint64
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// inHouse runs a test in virtual time. "a" has users and is the main, "b" and "c" have
// none and are replicas.
func inHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	inHouseWith(t, gateway.Config{}, gateway.Config{}, test)
}

func inHouseWith(t *testing.T, write, read gateway.Config, test func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t}
		log := slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		ctx, cancel := context.WithCancel(t.Context())
		write.Name, write.Address, write.Listen, write.Dial = "rw", "rw", h.net.Listen, h.net.Dial
		h.write = gateway.New(write)
		checker := login.New(login.Config{Main: h.write.Authority, Dial: h.net.Dial, Log: log})
		read.Name, read.Address, read.Listen, read.Dial = "ro", "ro", h.net.Listen, h.net.Dial
		read.Track, read.Open, read.Log = boltframe.Track, checker.Open, log
		h.read = gateway.New(read)
		ended := make(chan error, 2)
		for _, g := range []*gateway.Gateway{h.write, h.read} {
			go func() { ended <- g.Run(ctx) }()
		}
		synctest.Wait()
		test(t, h)
		cancel()
		for range 2 {
			require.NoError(t, <-ended)
		}
		require.Empty(t, h.read.Sessions())
	})
}

// start runs an instance until the test ends or stop is called.
func (h *house) start(i *instance) (stop func()) {
	h.t.Helper()
	host := h.net.Host(i.name)
	i.kill = host.Kill
	listener, err := host.Listen(h.t.Context(), "tcp", i.name)
	require.NoError(h.t, err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go i.serve(conn)
		}
	}()
	stop = func() { host.Kill(); synctest.Wait() }
	h.t.Cleanup(host.Kill)
	return stop
}

// three starts the usual instances and routes.
func (h *house) three() (a, b, c *instance, stopMain func()) {
	a = &instance{name: "a", bolt: 52, users: true}
	b, c = &instance{name: "b", bolt: 52}, &instance{name: "c", bolt: 52}
	stopMain = h.start(a)
	h.start(b)
	h.start(c)
	h.main("a")
	h.readers("b", "c")
	return a, b, c, stopMain
}

// main routes the write gateway to an instance; "": there is none.
func (h *house) main(name string) {
	h.epoch++
	route := gateway.Route{Epoch: h.epoch, Flow: gateway.Closed}
	if name != "" {
		route.Flow, route.Upstreams = gateway.Open, []string{name}
	}
	h.write.Follow(route)
	synctest.Wait()
}

func (h *house) readers(names ...string) {
	h.epoch++
	h.read.Follow(gateway.Route{Epoch: h.epoch, Flow: gateway.Open, Upstreams: names})
	synctest.Wait()
}

// connect opens a connection to the read gateway.
func (h *house) connect() net.Conn {
	h.t.Helper()
	conn, err := h.net.Dial(h.t.Context(), "tcp", "ro")
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// logs in step by step, and returns the connection before the last answer.
func (h *house) logIn(password string) net.Conn {
	h.t.Helper()
	conn := h.connect()
	say(h.t, conn, bolt52)
	hear(h.t, conn, version(52))
	say(h.t, conn, hello)
	_, err := read(conn)
	require.NoError(h.t, err)
	say(h.t, conn, logon(password))
	synctest.Wait()
	return conn
}

// reads expects that a login is accepted and a query answered, and returns by whom.
func reads(t *testing.T, conn net.Conn) string {
	t.Helper()
	content, err := read(conn)
	require.NoError(t, err)
	require.Equal(t, byte(0x70), content[1], "%q", content)
	name := string(content[len(content)-1:])
	say(t, conn, run)
	hear(t, conn, success(name))
	return name
}

// waits expects that nothing comes for now.
func waits(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
	n, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.Zero(t, n)
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
}

func (h *house) counters() gateway.Counters {
	synctest.Wait()
	return h.read.Status().Counters
}
