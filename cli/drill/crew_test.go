package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
)

// database answers every question in a millisecond, unless a test lets it do
// something else. It holds one number: that of the drill's node.
type database struct {
	mu    sync.Mutex
	nodes map[int64]int64
	next  int64
	// holds lets questions wait until it is closed; fails is the answer to them.
	holds chan struct{}
	fails error
	// swallows is a kind of statement that is carried out and not answered.
	swallows string
	asked    []string
}

func newDatabase() *database { return &database{nodes: map[int64]int64{}, next: 41} }

func (d *database) set(change func(*database)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

// dial is a Gateway.Dial.
func (d *database) dial() memgraph.Link { return &link{d} }

type link struct{ *database }

func (l *link) Close(context.Context) {}

var errCut = errors.New("connection reset by peer")

func (l *link) Run(ctx context.Context, query string) ([]map[string]any, error) {
	l.mu.Lock()
	holds, fails := l.holds, l.fails
	l.asked = append(l.asked, query)
	l.mu.Unlock()
	if holds != nil {
		select {
		case <-holds:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if fails != nil {
		return nil, fails
	}
	return l.carryOut(query)
}

func (l *link) carryOut(query string) ([]map[string]any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows, err := l.rows(query)
	if l.swallows != "" && strings.Contains(query, l.swallows) {
		l.swallows = ""
		return nil, errCut
	}
	return rows, err
}

func (l *link) rows(query string) ([]map[string]any, error) {
	var id, value int64
	switch {
	case query == "RETURN 1":
		return []map[string]any{{"1": int64(1)}}, nil
	case query == "CREATE (n:MemgraphDrill {count: 0}) RETURN id(n) AS id":
		l.next++
		l.nodes[l.next] = 0
		return []map[string]any{{"id": l.next}}, nil
	case scan(query, "MATCH (n:MemgraphDrill) WHERE id(n) = %d SET n.count = %d RETURN n.count AS count", &id, &value):
		if _, ok := l.nodes[id]; !ok {
			return nil, nil
		}
		l.nodes[id] = value
		return []map[string]any{{"count": value}}, nil
	case scan(query, "MATCH (n:MemgraphDrill) WHERE id(n) = %d RETURN n.count AS count", &id):
		value, ok := l.nodes[id]
		if !ok {
			return nil, nil
		}
		return []map[string]any{{"count": value}}, nil
	case scan(query, "MATCH (n:MemgraphDrill) WHERE id(n) = %d DELETE n", &id):
		delete(l.nodes, id)
		return nil, nil
	}
	return nil, fmt.Errorf("nobody expected %s", query)
}

func scan(query, form string, into ...any) bool {
	n, err := fmt.Sscanf(query, form, into...)
	return err == nil && n == len(into)
}

// drilled lets a crew work on a database, does something, and returns what was seen.
func drilled(t *testing.T, writes bool, do func(d *database)) (seen Seen, d *database) {
	t.Helper()
	d = newDatabase()
	crew := Start(t.Context(), []Gateway{{Name: "g", Dial: d.dial, Writes: writes}})
	require.NoError(t, crew.Served(t.Context(), 2*time.Second))
	began := time.Now()
	do(d)
	return crew.Stop(t.Context(), began)[0], d
}

func TestClientsSeeHowLongTheyAreNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen, _ := drilled(t, false, func(d *database) {
			time.Sleep(time.Second)
			held := make(chan struct{})
			d.set(func(d *database) { d.holds = held })
			time.Sleep(3 * time.Second)
			d.set(func(d *database) { d.holds = nil })
			close(held)
			time.Sleep(time.Second)
		})
		require.InDelta(t, 3*time.Second, seen.Gap, float64(2*pause))
		require.InDelta(t, 3*time.Second, seen.NewWait, float64(newcomerEvery))
		require.Zero(t, seen.Lost+seen.Refused+seen.NewFailed)
		require.InDelta(t, 2*time.Second/(pause+time.Millisecond), seen.Answered, 3)
	})
}

func TestClientsTellWhatWasLostFromWhatWasRefused(t *testing.T) {
	refusal := &memgraph.Failure{Code: "Memgraph.TransientError", Text: "not now"}
	for _, err := range []error{errCut, refusal} {
		synctest.Test(t, func(t *testing.T) {
			seen, _ := drilled(t, false, func(d *database) {
				d.set(func(d *database) { d.fails = err })
				time.Sleep(2 * time.Second)
				d.set(func(d *database) { d.fails = nil })
				time.Sleep(time.Second)
			})
			require.InDelta(t, 2*time.Second, seen.Gap, float64(2*pause))
			require.Equal(t, []string{err.Error()}, seen.Errors)
			require.Equal(t, 8, seen.NewFailed, "one in a quarter of a second")
			if errors.Is(err, errCut) {
				require.NotZero(t, seen.Lost)
				require.Zero(t, seen.Refused)
			} else {
				require.NotZero(t, seen.Refused)
				require.Zero(t, seen.Lost)
			}
		})
	}
}

func TestWhoIsNeverAnsweredIsNamedBeforeAnythingIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		well, ill := newDatabase(), newDatabase()
		ill.fails = errCut
		crew := Start(t.Context(), []Gateway{{Name: "writes", Dial: well.dial}, {Name: "reads", Dial: ill.dial}})
		err := crew.Served(t.Context(), time.Second)
		require.ErrorContains(t, err, "clients of reads were answered 0 times only")
		require.ErrorIs(t, err, errCut)
		require.False(t, crew.AnsweredSince(time.Time{}))
		crew.Stop(t.Context(), time.Now())
	})
}

func TestWritesGoToOneNodeThatIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen, d := drilled(t, true, func(*database) { time.Sleep(time.Second) })
		require.NoError(t, seen.Unsure)
		require.True(t, seen.Writes)
		require.NotZero(t, seen.Answered)
		require.Empty(t, d.nodes)
		created := 0
		for _, query := range d.asked {
			if strings.HasPrefix(query, "CREATE") {
				created++
			}
		}
		require.Equal(t, 1, created)
	})
}

func TestAnAcknowledgedWriteThatIsGoneIsSaidLoudly(t *testing.T) {
	faults := map[string]func(*database){
		"the last write": func(d *database) {
			for id := range d.nodes {
				d.nodes[id]--
			}
		},
		"the node": func(d *database) { clear(d.nodes) },
	}
	for name, lose := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen, _ := drilled(t, true, func(d *database) {
					d.set(func(d *database) { d.fails = errCut }) // no write makes good what is lost
					time.Sleep(time.Second)
					d.set(lose)
					time.AfterFunc(100*time.Millisecond, func() { d.set(func(d *database) { d.fails = nil }) })
				})
				require.ErrorIs(t, seen.Unsure, errWriteLost)
			})
		})
	}
}

func TestARemovalWithoutAnAnswerIsNoLostWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen, d := drilled(t, true, func(d *database) { d.set(func(d *database) { d.swallows = "DELETE" }) })
		require.NoError(t, seen.Unsure)
		require.Empty(t, d.nodes)
	})
}

func TestANodeThatMayBeLeftIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.swallows = "CREATE"
		crew := Start(t.Context(), []Gateway{{Name: "g", Dial: d.dial, Writes: true}})
		require.NoError(t, crew.Served(t.Context(), 2*time.Second))
		seen := crew.Stop(t.Context(), time.Now())
		require.ErrorContains(t, seen[0].Unsure, "MATCH (n:MemgraphDrill) DELETE n")
	})
}

func TestAnInterruptedDrillLeavesNoNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		ctx, cancel := context.WithCancel(t.Context())
		crew := Start(ctx, []Gateway{{Name: "g", Dial: d.dial, Writes: true}})
		require.NoError(t, crew.Served(ctx, 2*time.Second))
		cancel()
		require.NoError(t, crew.Stop(ctx, time.Now())[0].Unsure)
		require.Empty(t, d.nodes)
	})
}
