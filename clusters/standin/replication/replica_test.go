package replication_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

var quiet = slog.New(slog.DiscardHandler)

func open(context.Context) bool { return true }

// replica is a handler that stores nothing but timestamps.
type replica struct {
	mu       sync.Mutex
	main     string
	storage  string
	epoch    string
	applied  []uint64
	prepared uint64
	wait     chan struct{} // where set, a PrepareCommit waits for it
	server   *replication.Server
	lose     atomic.Bool // every message to it
}

func (r *replica) Handle(ctx context.Context, q replication.Request) replication.Response {
	r.mu.Lock()
	wait := r.wait
	r.mu.Unlock()
	if wait != nil && q.Kind == replication.PrepareCommit {
		<-wait
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Kind == replication.SwapMainUUID {
		r.main = q.Main
		return replication.Response{OK: true}
	}
	if q.Main != r.main {
		return replication.Response{}
	}
	switch q.Kind {
	case replication.SystemRecovery:
		r.storage = q.Storage
	case replication.PrepareCommit:
		if q.Previous > r.ts() {
			return replication.Response{}
		}
		if q.Flag {
			r.prepared, r.epoch = q.TS, q.Epoch
		} else {
			r.applied, r.epoch = append(r.applied, q.TS), q.Epoch
		}
	case replication.FinalizeCommit:
		if q.Flag {
			r.applied = append(r.applied, r.prepared)
		}
	case replication.WalFiles:
		txs, err := q.Transactions()
		if err != nil {
			return replication.Response{}
		}
		for _, tx := range txs {
			r.applied, r.epoch = append(r.applied, tx.TS), q.Epoch
		}
	}
	return replication.Response{OK: true, Epoch: r.epoch, TS: r.ts()}
}

func (r *replica) ts() uint64 {
	if len(r.applied) == 0 {
		return 0
	}
	return r.applied[len(r.applied)-1]
}

func (r *replica) has() []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.applied)
}

func (r *replica) serve(t *testing.T, net *pipenet.Network, address string) {
	t.Helper()
	ln, err := net.Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	r.server = replication.Serve(context.Background(), ln, r, func(context.Context) bool { return !r.lose.Load() }, quiet)
}

// source is a main that stores nothing but timestamps.
type source struct {
	engine  chan struct{}
	mu      sync.Mutex
	stamps  []uint64
	epoch   string
	history wal.History
}

func (s *source) Position() replication.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := replication.Position{Main: "M", Storage: "S", Epoch: s.epoch, History: s.history}
	if n := len(s.stamps); n > 0 {
		at.TS = s.stamps[n-1]
	}
	return at
}

func (s *source) LockEngine(ctx context.Context) (func(), error) {
	select {
	case s.engine <- struct{}{}:
		return func() { <-s.engine }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *source) Missing(ts uint64) (wal.Missing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var segment wal.Segment
	segment.Epoch = s.epoch
	for _, stamp := range s.stamps {
		if stamp > ts {
			segment.Transactions = append(segment.Transactions, wal.Transaction{TS: stamp})
		}
	}
	return wal.Missing{Segments: []wal.Segment{segment}}, nil
}

func (s *source) wrote(ts uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stamps = append(s.stamps, ts)
}

// cluster is a main with one replica at "b".
type cluster struct {
	t    *testing.T
	net  pipenet.Network
	main *source
	b    *replica
	peer *replication.Peer
}

func newCluster(t *testing.T, mode replication.Mode, stamps ...uint64) *cluster {
	c := &cluster{t: t, main: &source{engine: make(chan struct{}, 1), epoch: "E0", stamps: stamps}, b: &replica{}}
	c.b.serve(t, &c.net, "b")
	c.peer = replication.NewPeer(context.Background(), replication.PeerConfig{
		Name: "b", Address: "b", Mode: mode, Dial: c.net.Dial, Gate: open, Source: c.main, Every: time.Second, Log: quiet,
	})
	t.Cleanup(func() {
		c.peer.Kill()
		c.b.server.Close()
	})
	return c
}

func (c *cluster) register() *cluster {
	require.NoError(c.t, c.peer.Claim())
	c.peer.Align()
	c.peer.Check(context.Background())
	c.peer.Start()
	return c
}

// commit runs a round as a main does.
func (c *cluster) commit(ts uint64) []replication.Failure {
	unlock, err := c.main.LockEngine(c.t.Context())
	require.NoError(c.t, err)
	defer unlock()
	ctx := context.Background()
	round := replication.Begin(ctx, []*replication.Peer{c.peer}, c.main.Position(), wal.Transaction{TS: ts})
	failures := round.Ship(ctx)
	commit := !round.TwoPhase() || len(failures) == 0
	if commit {
		c.main.wrote(ts)
	}
	if round.TwoPhase() {
		round.Finish(ctx, commit)
	}
	return failures
}

func (c *cluster) requireState(status replication.Status, ts uint64) {
	c.t.Helper()
	gotStatus, gotTS := c.peer.State()
	require.Equal(c.t, status, gotStatus)
	require.Equal(c.t, ts, gotTS)
}

// silence makes the replica stop answering; the returned function undoes it.
func (c *cluster) silence() func() {
	wait := make(chan struct{})
	c.b.mu.Lock()
	c.b.wait = wait
	c.b.mu.Unlock()
	return func() {
		c.b.mu.Lock()
		c.b.wait = nil
		c.b.mu.Unlock()
		close(wait)
	}
}

func bubble(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) }
