package memgraph_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
)

// memory is a network of one instance in memory, which may take a while to be
// ready for a change of its role.
type memory struct {
	role           string
	ready          time.Time
	broken         error
	opened, closed int
}

func (m *memory) dial(string) memgraph.Link {
	m.opened++
	return m
}

func (m *memory) Close(context.Context) { m.closed++ }

func (m *memory) Run(ctx context.Context, query string) ([]map[string]any, error) {
	switch {
	case m.broken != nil:
		return nil, m.broken
	case query == "SHOW REPLICATION ROLE":
		return []map[string]any{{"replication role": m.role}}, nil
	case query == "SHOW CONFIG":
		<-ctx.Done()
		return nil, context.Cause(ctx)
	case time.Now().Before(m.ready):
		return nil, &memgraph.Failure{Code: clientError, Text: "Couldn't set replication role to main!"}
	}
	m.role = "main"
	return nil, nil
}

// inMemory runs a test in virtual time, on a client whose connections are given.
func inMemory(t *testing.T, test func(*testing.T, *memory, *memgraph.Client)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{role: "replica", ready: time.Now().Add(3 * time.Second)}
		client := open(t, memgraph.Config{Address: "memory:7687", Dial: m.dial, Rand: func() float64 { return 1 }})
		test(t, m, client)
		client.Close()
		require.Equal(t, m.opened, m.closed)
	})
}

func TestClientOfAnotherNetworkRetriesInVirtualTime(t *testing.T) {
	inMemory(t, func(t *testing.T, m *memory, client *memgraph.Client) {
		begun := time.Now()
		require.NoError(t, client.Promote(t.Context()))
		require.InDelta(t, 3*time.Second, time.Since(begun), float64(100*time.Millisecond))
		require.Equal(t, 1, m.opened, "a refusal leaves the connection usable")
	})
}

func TestClientOfAnotherNetworkGivesUpWithItsContext(t *testing.T) {
	inMemory(t, func(t *testing.T, m *memory, client *memgraph.Client) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, client.Promote(ctx), memgraph.ErrBusy)
		require.Equal(t, time.Second, time.Since(begun))
		_, err := client.Settings(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 13*time.Second, time.Since(begun))
	})
}

func TestClientOfAnotherNetworkLeavesABrokenConnection(t *testing.T) {
	inMemory(t, func(t *testing.T, m *memory, client *memgraph.Client) {
		m.broken = fmt.Errorf("talk to memory: %w", syscall.ECONNRESET)
		for opened := range 3 {
			require.ErrorIs(t, client.Mark(t.Context()), syscall.ECONNRESET)
			require.Equal(t, opened+1, m.opened)
		}
	})
}
