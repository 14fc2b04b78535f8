package api

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// fakeBackend answers from its fields and remembers what it was asked.
type fakeBackend struct {
	status      Status
	failovers   []Failover
	connections []Connection
	report      Report
	ready, live []Check
	refusal     error
	asked       []any
}

func (b *fakeBackend) Status() Status            { return b.status }
func (b *fakeBackend) Failovers() []Failover     { return b.failovers }
func (b *fakeBackend) Connections() []Connection { return b.connections }
func (b *fakeBackend) Report() Report            { return b.report }
func (b *fakeBackend) Ready() []Check            { return b.ready }
func (b *fakeBackend) Live() []Check             { return b.live }

func (b *fakeBackend) Switchover(_ context.Context, request SwitchoverRequest) (Accepted, error) {
	return b.take(request)
}

func (b *fakeBackend) Failover(_ context.Context, request FailoverRequest) (Accepted, error) {
	return b.take(request)
}

func (b *fakeBackend) Pause(_ context.Context, request PauseRequest) (Accepted, error) {
	return b.take(request)
}

func (b *fakeBackend) Instance(_ context.Context, action InstanceAction) error {
	_, err := b.take(action)
	return err
}

func (b *fakeBackend) take(request any) (Accepted, error) {
	b.asked = append(b.asked, request)
	return Accepted{ID: "request-1", Message: "taken down"}, b.refusal
}

// begin is the time of every snapshot in these tests.
func begin() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// healthyBackend is a cluster of three in which nothing is wrong.
func healthyBackend() *fakeBackend {
	instance := func(name, port string) Instance {
		return Instance{
			Name: name, Bolt: "127.0.0.1:1" + port, Replication: "127.0.0.1:2" + port,
			Role: topology.RoleReplica, Health: topology.HealthUp, Process: "p-" + name, PID: "4711",
			Started: begin().Add(-time.Hour), Answered: begin().Add(-time.Second), Ready: true,
			Mode: topology.Async, Status: topology.StatusReady, InReadPool: true, Clean: true,
			Sessions: map[string]int{"rw": 0, "ro": 2},
		}
	}
	proxy := func(name string, sessions int, upstreams ...gateway.UpstreamStatus) gateway.Status {
		return gateway.Status{
			Name: name, Address: "127.0.0.1:7687", Running: true, Epoch: 7, Applied: 7, Flow: gateway.Open,
			Upstreams: upstreams, Sessions: sessions, OpenedAt: begin(), LastPauseSeconds: 0.25,
			Counters: gateway.Counters{
				Accepted: 10, Held: 3, Released: 2, HeldSeconds: 1.5, BytesUp: 1000, BytesDown: 5000,
				Rejected: map[gateway.Rejection]uint64{gateway.RejectHeld: 1},
				Cut:      map[gateway.Cut]uint64{gateway.CutRoute: uint64(sessions)},
				Logins:   map[gateway.Login]uint64{gateway.LoginRefused: uint64(sessions)},
			},
		}
	}
	main, voter, other := instance("memgraph-0", "0000"), instance("memgraph-1", "0001"), instance("memgraph-2", "0002")
	main.Role, main.Mode, main.Status, main.InReadPool = topology.RoleMain, "", "", false
	main.OutOfPool = "it is the main"
	voter.Mode = topology.StrictSync
	other.Behind, other.Lag = -4, Duration(1500*time.Millisecond)
	return &fakeBackend{
		status: Status{
			Version: "1.2.3", Cluster: "demo", Controller: "c0", Leader: "c0", Time: begin(), Epoch: 7,
			Record: topology.Record{
				Format: topology.Format, Epoch: 7, Main: "memgraph-0", Voter: "memgraph-1",
				Gate: topology.GateOpen, Reign: 2,
			},
			Instances: []Instance{main, voter, other},
			Gateways: []gateway.Status{
				proxy("rw", 4, gateway.UpstreamStatus{Address: main.Bolt, Sessions: 4}),
				proxy("ro", 6, gateway.UpstreamStatus{Address: voter.Bolt, Sessions: 6}),
			},
			Routing: Routing{
				Epoch: 7, Gate: topology.GateOpen, Write: []string{main.Bolt}, Read: []string{voter.Bolt, other.Bolt},
				Decision: Decision{Step: "wait", Reason: "nothing to do", Since: begin().Add(-time.Minute)},
			},
			Transitions:      []Transition{{Time: begin().Add(-time.Minute), Text: "memgraph-2 is ready"}},
			WriteUnavailable: Duration(2500 * time.Millisecond),
		},
		ready: []Check{{Name: "gateway-rw", OK: true}, {Name: "gateway-ro", OK: true}},
		live:  []Check{{Name: "loop", OK: true}},
	}
}

// binding is where a server under test believes to be bound.
type binding string

const (
	loopback binding = "127.0.0.1:8080"
	network  binding = "10.1.2.3:8080"
)

func newHandler(t *testing.T, backend Backend, bound binding, token string) http.Handler {
	t.Helper()
	server, err := New(Config{
		Address: string(bound), Token: token, Backend: backend,
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	address, err := net.ResolveTCPAddr("tcp", string(bound))
	require.NoError(t, err)
	return server.handler(newGuard(address, token, false))
}

// ask makes one call from this machine; change alters the request before it is
// sent.
func ask(handler http.Handler, method, target, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Host = "localhost:8080"
	for _, c := range change {
		c(request)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) {
	return func(r *http.Request) { r.Host = name }
}

// pipes is a listener whose connections are in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { close(p); return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns a connection to whoever accepts from the pipes.
func (p pipes) dial() net.Conn {
	near, far := net.Pipe()
	p <- far
	return near
}

// runInMemory runs a server on pipes until the returned function is called, which
// waits for its end.
func runInMemory(t *testing.T, backend Backend) (pipes, func()) {
	t.Helper()
	listener := make(pipes)
	server, err := New(Config{
		Address: "127.0.0.1:8080", Backend: backend, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Token:  "s3cret",
		Listen: func(context.Context, string, string) (net.Listener, error) { return listener, nil },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	return listener, func() {
		cancel()
		require.NoError(t, <-done)
	}
}
