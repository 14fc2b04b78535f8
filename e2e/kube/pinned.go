package kube

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/uuid"

	"memgraph-controller/e2e/kube/forward"
	"memgraph-controller/e2e/workload"
)

// pinLabel marks what pinned sessions write.
const pinLabel = "Pinned"

// pinEvery is the time between two writes of a pinned session.
const pinEvery = 25 * time.Millisecond

// pinPatience bounds one write: a tunnel does not always tell its client that the
// far end was reset.
const pinPatience = 5 * time.Second

// Pinned is a session through the write gateway of one controller, which a
// Service would not allow to choose, or past all gateways with the main: it writes one
// node after the other, and nothing repeats what failed.
type Pinned struct {
	Pod string // of the controller, or of the main

	id string // of this session, in what it writes

	tunnel *forward.Tunnel
	driver neo4j.DriverWithContext
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	acks   []time.Time
	wrote  []int64 // numbers of the acknowledged writes
	errors []error
}

// Pin opens a session through the gateway of a controller pod, or with the main in its
// pod, and sets it to work. It ends with the test at the latest.
func (s *Scenario) Pin(ctx context.Context, pod string) *Pinned {
	s.Helper()
	tunnel, err := s.Tunnel(ctx, pod, boltPort)
	require.NoError(s, err)
	driver, err := neo4j.NewDriverWithContext("bolt://"+tunnel.Address, neo4j.NoAuth(), func(c *config.Config) {
		c.TelemetryDisabled, c.MaxConnectionPoolSize = true, 1
	})
	require.NoError(s, err)
	ctx, cancel := context.WithCancel(ctx)
	p := &Pinned{Pod: pod, id: string(uuid.NewUUID()), tunnel: tunnel, driver: driver, cancel: cancel}
	p.done.Go(func() { p.work(ctx) })
	s.Cleanup(p.Stop)
	return p
}

// Stop ends the session. It may be called again.
func (p *Pinned) Stop() {
	p.cancel()
	p.done.Wait()
	_ = p.driver.Close(context.Background())
	p.tunnel.Close()
}

func (p *Pinned) work(ctx context.Context) {
	session := p.driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(context.Background())
	ticker := time.NewTicker(pinEvery)
	defer ticker.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		once, done := context.WithTimeout(ctx, pinPatience)
		result, err := session.Run(once, "CREATE (:"+pinLabel+" {session: $session, n: $n})", map[string]any{"session": p.id, "n": n})
		if err == nil {
			_, err = result.Consume(once)
		}
		done()
		if ctx.Err() == nil {
			p.note(n, err)
		}
	}
}

func (p *Pinned) note(n int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.errors = append(p.errors, err)
		return
	}
	p.acks, p.wrote = append(p.acks, time.Now()), append(p.wrote, n)
}

// Last is when a write was last acknowledged; zero: never.
func (p *Pinned) Last() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.acks) == 0 {
		return time.Time{}
	}
	return p.acks[len(p.acks)-1]
}

// Gap is the longest time without an acknowledged write between from and to.
func (p *Pinned) Gap(from, to time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest, last := time.Duration(0), from
	for _, at := range append(slices.Clone(p.acks), to) {
		if at.After(from) && !at.After(to) {
			longest, last = max(longest, at.Sub(last)), at
		}
	}
	return longest
}

// Errors is what the session saw.
func (p *Pinned) Errors() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors)
}

// pinnedHeld checks that every write that a pinned session was acknowledged is
// held by the main. Call it when they have stopped.
func (s *Scenario) pinnedHeld(ctx context.Context, all ...*Pinned) {
	s.Helper()
	rows, err := ask(ctx, s.Write, "MATCH (n:"+pinLabel+") RETURN n.session, n.n")
	require.NoError(s, err)
	held := map[string]map[int64]bool{}
	for _, row := range rows {
		session, _ := row[0].(string)
		n, _ := row[1].(int64)
		if held[session] == nil {
			held[session] = map[int64]bool{}
		}
		held[session][n] = true
	}
	for _, p := range all {
		for _, n := range p.wrote {
			require.True(s, held[p.id][n], "write %d through %s was acknowledged and is lost", n, p.Pod)
		}
	}
}

// gaps is the longest gap of each session between two times.
func gaps(from, to time.Time, all ...*Pinned) (d workload.Distribution) {
	for _, p := range all {
		d = append(d, p.Gap(from, to))
	}
	return d
}
