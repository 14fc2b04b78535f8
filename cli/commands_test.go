package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Once closed, it offers its error for ten minutes to whoever may ask.
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Connection).shutdown"),
	)
}

// controller is a fake behind a real server: it answers what a test sets.
type controller struct {
	mu        sync.Mutex
	status    api.Status
	failovers []api.Failover
	refusal   error
	asked     []any
	// onFailovers is called at each look at the failovers, to let time go on.
	onFailovers func(*controller)
}

func (c *controller) Status() api.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *controller) Failovers() []api.Failover {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.onFailovers != nil {
		c.onFailovers(c)
	}
	return c.failovers
}

func (c *controller) Connections() []api.Connection { return nil }
func (c *controller) Report() api.Report            { return api.Report{} }
func (c *controller) Ready() []api.Check            { return nil }
func (c *controller) Live() []api.Check             { return nil }

func (c *controller) Switchover(_ context.Context, request api.SwitchoverRequest) (api.Accepted, error) {
	return c.take(request)
}

func (c *controller) Failover(_ context.Context, request api.FailoverRequest) (api.Accepted, error) {
	return c.take(request)
}

func (c *controller) Pause(_ context.Context, request api.PauseRequest) (api.Accepted, error) {
	return c.take(request)
}

func (c *controller) Instance(_ context.Context, action api.InstanceAction) error {
	_, err := c.take(action)
	return err
}

func (c *controller) take(request any) (api.Accepted, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, request)
	return api.Accepted{ID: "r1", Message: "taken down as r1"}, c.refusal
}

// serve starts a server and returns its address.
func (c *controller) serve(t *testing.T, token string) string {
	t.Helper()
	bound := make(chan string, 1)
	server, err := api.New(api.Config{
		Address: "127.0.0.1:0", Token: token, Backend: c,
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Listen: func(_ context.Context, network, address string) (net.Listener, error) {
			listener, err := net.Listen(network, address)
			bound <- listener.Addr().String()
			return listener, err
		},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return <-bound
}

// run is one call of the command line.
type run struct {
	code     int
	out, err string
}

// command runs a command line without a terminal; answer, when not empty, is what
// a person at a terminal types.
func command(t *testing.T, answer string, args ...string) run {
	t.Helper()
	var root struct {
		Commands
		Quarantine QuarantineCommands `cmd:""`
		Local      struct {
			LocalActions
		} `cmd:""`
	}
	var out, errors bytes.Buffer
	code := Execute(t.Context(), &root, args, &Terminal{
		In: strings.NewReader(answer), Out: &out, Err: &errors, Interactive: answer != "", User: "ada@desk",
	})
	return run{code, out.String(), errors.String()}
}

func TestStatusAsTableAndAsJSON(t *testing.T) {
	c := &controller{status: healthy()}
	address := c.serve(t, "")
	got := command(t, "", "status", "--server", address)
	require.Equal(t, run{0, Table{}.Draw(healthy()), ""}, got)

	got = command(t, "", "status", "-o", "json", "--server", "http://"+address)
	require.Zero(t, got.code)
	var status api.Status
	require.NoError(t, json.Unmarshal([]byte(got.out), &status))
	require.Equal(t, healthy(), status)
}

func TestServerAndTokenComeFromTheEnvironmentToo(t *testing.T) {
	c := &controller{status: healthy()}
	t.Setenv("MEMGRAPH_CONTROLLER_SERVER", c.serve(t, "s3cret"))
	got := command(t, "", "pause", "--for", "10m")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "needs the controller's token")
	require.Contains(t, got.err, "MEMGRAPH_CONTROLLER_TOKEN")
	require.Empty(t, c.asked)

	t.Setenv("MEMGRAPH_CONTROLLER_TOKEN", "s3cret")
	require.Equal(t, run{0, "taken down as r1\n", ""}, command(t, "", "pause", "--for", "10m"))
	require.Equal(t, run{0, "taken down as r1\n", ""}, command(t, "", "resume"))
	require.Equal(t, []any{
		api.PauseRequest{For: api.Period(10 * time.Minute), By: "ada@desk"}, api.PauseRequest{By: "ada@desk"},
	}, c.asked)
}

func TestLocalActionsReachTheInstance(t *testing.T) {
	c := &controller{status: healthy()}
	address := c.serve(t, "")
	for _, action := range api.Actions() {
		got := command(t, "", "local", string(action), "memgraph-1", "--server", address)
		require.Equal(t, run{0, string(action) + " memgraph-1: done\n", ""}, got)
	}
	require.Len(t, c.asked, 4)
	require.Equal(t, api.InstanceAction{Instance: "memgraph-1", Do: api.ActionKill}, c.asked[0])

	c.refusal = api.ErrUnsupported
	got := command(t, "", "local", "kill", "memgraph-1", "--server", address)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "only in local mode; on Kubernetes delete the pod instead")
}

func TestWrongUseSaysWhatIsWrongAndExitsWith2(t *testing.T) {
	cases := map[string]struct {
		args []string
		says string
	}{
		"nothing":             {nil, "expected one of"},
		"unknown command":     {[]string{"explode"}, "unexpected argument explode"},
		"unknown flag":        {[]string{"status", "--colour"}, "unknown flag --colour"},
		"unknown output":      {[]string{"status", "-o", "xml"}, `must be one of "table","json","yaml" but got "xml"`},
		"pause without":       {[]string{"pause"}, "say how long with --for"},
		"pause for nothing":   {[]string{"pause", "--for", "0s"}, "say how long with --for"},
		"two ways":            {[]string{"status", "--server", "x", "-n", "db"}, "--namespace and --release cannot be used with it"},
		"two ways to pause":   {[]string{"pause", "--for", "1m", "--server", "x", "--release", "r"}, "cannot be used with it"},
		"resume for a time":   {[]string{"resume", "--for", "1m"}, "unknown flag --for"},
		"pause, no length":    {[]string{"pause", "--for", "long"}, `expected duration but got "long"`},
		"kill nobody":         {[]string{"local", "kill"}, `expected "<instance>"`},
		"argument too many":   {[]string{"switchover", "memgraph-1"}, "unexpected argument memgraph-1"},
		"a flag without text": {[]string{"switchover", "--to"}, "--to"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := command(t, "", c.args...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.err, c.says)
			require.Contains(t, got.err, "--help")
			require.Empty(t, got.out)
		})
	}
}

func TestHelpListsTheCommandsAndRunsNothing(t *testing.T) {
	got := command(t, "", "--help")
	require.Zero(t, got.code)
	require.Empty(t, got.err)
	for _, name := range []string{"status", "switchover", "failover", "pause", "resume", "local"} {
		require.Contains(t, got.out, name)
	}
	got = command(t, "", "local", "kill", "--help")
	require.Zero(t, got.code)
	require.Contains(t, got.out, "MEMGRAPH_CONTROLLER_SERVER")
}

func TestNobodyListeningSaysHowToStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	for _, args := range [][]string{{"status"}, {"switchover"}, {"failover"}, {"resume"}, {"local", "kill", "a"}} {
		got := command(t, "", append(args, "--server", listener.Addr().String())...)
		require.Equal(t, exitFailed, got.code)
		require.Contains(t, got.err, "no controller listens at "+listener.Addr().String()+": start a cluster with")
	}
}

func TestAServerThatIsNoneIsNamed(t *testing.T) {
	got := command(t, "", "status", "--server", "http://bad host")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, `server address "http://bad host"`)
}

func TestPauseBeyondTheLimitIsRefusedByTheController(t *testing.T) {
	c := &controller{status: healthy()}
	got := command(t, "", "pause", "--for", "48h", "--server", c.serve(t, ""))
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "for is 48h0m0s; it must be from 0 to 24h0m0s")
}

// at is the time of every status in these tests.
func at() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// pendingRequest makes the record hold request r1.
func pendingRequest(kind topology.RequestKind) *topology.Request {
	return &topology.Request{ID: "r1", Kind: kind, At: at()}
}
