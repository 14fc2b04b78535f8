package local

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

const (
	user     = "ada"
	password = "secret"
)

// guarded starts a cluster whose main asks for a password.
func guarded(t *testing.T, extra ...string) *Cluster {
	t.Helper()
	return Start(t, programs, append([]string{"--user", user, "--password", password}, extra...)...)
}

// as opens a driver of its own, runs one autocommit statement and returns the first
// value of its result.
func as(ctx context.Context, address string, auth neo4j.AuthToken, text string) (any, error) {
	driver, err := neo4j.NewDriverWithContext("bolt://"+address, auth)
	if err != nil {
		return nil, err
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	result, err := session.Run(ctx, text, nil)
	if err != nil {
		return nil, err
	}
	record, err := result.Single(ctx)
	if err != nil {
		return nil, err
	}
	return record.Values[0], nil
}

// managed reads as as does, in a transaction that its driver tries again.
func managed(ctx context.Context, address string, auth neo4j.AuthToken, text string) error {
	driver, err := neo4j.NewDriverWithContext("bolt://"+address, auth)
	if err != nil {
		return err
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(ctx)
	_, err = session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		result, err := tx.Run(ctx, text, nil)
		if err != nil {
			return nil, err
		}
		return result.Single(ctx)
	})
	return err
}

func right() neo4j.AuthToken { return neo4j.BasicAuth(user, password, "") }
func wrong() neo4j.AuthToken { return neo4j.BasicAuth(user, "wrong", "") }

// unauthenticated tells whether the database has refused a login.
func unauthenticated(err error) bool {
	refused, ok := errors.AsType[*neo4j.Neo4jError](err)
	return ok && strings.HasSuffix(refused.Code, "Security.Unauthenticated")
}

const count = "MATCH (n:Kept) RETURN count(n)"

func keep(t *testing.T, c *Cluster) {
	t.Helper()
	_, err := as(t.Context(), c.Write, right(), "CREATE (n:Kept) RETURN 1")
	require.NoError(t, err)
	c.Eventually("the replicas have it", 5*time.Second, func() bool {
		n, err := as(t.Context(), c.Read, right(), count)
		return err == nil && n == int64(1)
	})
}

func TestReadGatewayLetsInWhomTheMainLetsIn(t *testing.T) {
	rounds(t, 1, 1)
	c := guarded(t)
	keep(t, c)
	status := c.Whole()
	_, err := as(t.Context(), c.Bolt(voter(status)), wrong(), count)
	require.NoError(t, err, "a replica itself lets everybody in")
	for range 10 {
		for name, auth := range map[string]neo4j.AuthToken{"a wrong password": wrong(), "no password": neo4j.NoAuth()} {
			_, err := as(t.Context(), c.Read, auth, count)
			require.True(t, unauthenticated(err), "%s: %v", name, err)
		}
	}
	n, err := as(t.Context(), c.Read, right(), count)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)

	status, err = c.Status()
	require.NoError(t, err)
	require.True(t, status.Gateways[1].ChecksLogins)
	require.False(t, status.Gateways[0].ChecksLogins)
	require.Contains(t, c.Metrics(), `memgraph_controller_gateway_logins_total{gateway="ro",result="refused"} 20`)
	require.NotContains(t, c.tail(1<<20), password, "the log holds no password")
}

// Main and voter are gone, so nobody can be made main until one is back.
func TestReadsGoOnWithoutAMain(t *testing.T) {
	rounds(t, 1, 1)
	c := guarded(t, "--restart-delay", "12s")
	keep(t, c)
	status := c.Whole()
	c.Signal(main(status), syscall.SIGKILL)
	c.Signal(voter(status), syscall.SIGKILL)
	c.Until("there is no main", 10*time.Second, func(s api.Status) bool { return s.Gateways[0].Flow != "open" })
	for range 20 {
		n, err := as(t.Context(), c.Read, right(), count)
		require.NoError(t, err)
		require.Equal(t, int64(1), n)
	}
	stranger, outcome := wrong(), make(chan error, 1)
	go func() {
		_, err := as(context.Background(), c.Read, stranger, count)
		outcome <- err
	}()
	status = c.Until("the stranger waits", 5*time.Second, func(s api.Status) bool { return s.Gateways[1].Held > 0 })
	require.NotEqual(t, "open", string(status.Gateways[0].Flow), "there was no main all the time")
	require.GreaterOrEqual(t, status.Gateways[1].Counters.Logins["remembered"], uint64(20))
	err := <-outcome
	require.True(t, unauthenticated(err), "%v", err)
	c.Whole()
}

// A new main has no users until they are created again, and would let everybody in.
func TestNobodyGetsInThroughAFailoverWithoutAPassword(t *testing.T) {
	n := rounds(t, 50, 4)
	c := guarded(t)
	keep(t, c)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var let, refused, failed, served atomic.Int64
	for _, address := range []string{c.Write, c.Write, c.Read, c.Read} {
		clients.Go(func() {
			for ctx.Err() == nil {
				switch _, err := as(context.WithoutCancel(ctx), address, wrong(), count); {
				case err == nil:
					let.Add(1)
				case unauthenticated(err):
					refused.Add(1)
				}
			}
		})
	}
	for range 2 {
		clients.Go(func() {
			for ctx.Err() == nil {
				if err := managed(context.WithoutCancel(ctx), c.Read, right(), count); err != nil {
					failed.Add(1)
					t.Logf("a read failed: %v", err)
				}
				served.Add(1)
			}
		})
	}
	for range n {
		status := c.Whole()
		c.Signal(main(status), syscall.SIGKILL)
		c.Until("another is main", 10*time.Second, func(s api.Status) bool {
			return s.Gateways[0].Flow == "open" && main(s) != "" && main(s) != main(status)
		})
	}
	c.Whole()
	stop()
	clients.Wait()
	t.Logf("%d refused, %d reads, %d of them failed", refused.Load(), served.Load(), failed.Load())
	require.Zero(t, let.Load(), "let in without the right password")
	require.Positive(t, refused.Load())
	require.Positive(t, served.Load())
	require.Zero(t, failed.Load())
}
