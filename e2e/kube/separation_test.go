package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/kube/fleet"
)

// manyConnections is enough that a gateway with three upstreams would have
// chosen each of them many times over.
const manyConnections = 30

func TestDatabasesThemselvesSayWhoServes(t *testing.T) {
	scenario(t, "the write gateway leads to the main alone and the read gateway to replicas alone", func(ctx context.Context, s *Scenario) {
		require.Equal(s, map[string]int{"main": manyConnections}, s.roles(ctx, s.Write, manyConnections))
		require.Equal(s, map[string]int{"replica": manyConnections}, s.roles(ctx, s.Read, manyConnections))
	})
}

// roles asks over many new connections what role whoever answers has.
func (s *Scenario) roles(ctx context.Context, address string, n int) map[string]int {
	s.Helper()
	roles := map[string]int{}
	for range n {
		rows, err := ask(ctx, address, "SHOW REPLICATION ROLE")
		require.NoError(s, err)
		roles[fmt.Sprint(rows[0][0])]++
	}
	return roles
}

func TestAWriteThroughTheReadGatewayIsRefusedByTheDatabase(t *testing.T) {
	scenario(t, "nothing is written past the main", func(ctx context.Context, s *Scenario) {
		const node = "MisdirectedWrite"
		for range manyConnections {
			_, err := ask(ctx, s.Read, "CREATE (:"+node+")")
			require.ErrorContains(s, err, "forbidden on the replica")
		}
		for _, address := range []string{s.Write, s.Read} {
			rows, err := ask(ctx, address, "MATCH (n:"+node+") RETURN count(n)")
			require.NoError(s, err)
			require.Equal(s, int64(0), rows[0][0])
		}
	})
}

func TestSocketsOfTheDatabasesShowWhoServes(t *testing.T) {
	scenario(t, "sessions end where the kernel of each database pod sees them", func(ctx context.Context, s *Scenario) {
		// Controllers come and go with questions of their own.
		const strangers = manyConnections / 3
		main := s.Whole(ctx, s).Record.Main
		idle := s.sockets(ctx)

		release := s.holdOpen(ctx, s.Write, manyConnections)
		writing := s.sockets(ctx)
		release()
		for name, n := range writing {
			if name == main {
				require.GreaterOrEqual(s, n, manyConnections, "sessions of the write gateway at main %s", name)
			} else {
				require.Less(s, n-idle[name], strangers, "sessions of the write gateway at replica %s", name)
			}
		}
		s.Eventually(ctx, "the sessions have ended", 10*time.Second, func(ctx context.Context) error {
			if n := s.sockets(ctx)[main]; n >= manyConnections {
				return fmt.Errorf("%d connections to the main", n)
			}
			return nil
		})

		release = s.holdOpen(ctx, s.Read, manyConnections)
		reading := s.sockets(ctx)
		release()
		for name, n := range reading {
			s.Count("sockets of the read gateway at "+name, n-idle[name])
			if name == main {
				require.Less(s, n-idle[name], strangers, "sessions of the read gateway at main %s", name)
			} else {
				require.GreaterOrEqual(s, n-idle[name], manyConnections/len(reading), "sessions of the read gateway at replica %s", name)
			}
		}
		require.Equal(s, main, s.Whole(ctx, s).Record.Main, "the main changed meanwhile: nothing was proved")
	})
}

// holdOpen opens so many sessions with a transaction each and keeps them until
// release is called.
func (s *Scenario) holdOpen(ctx context.Context, address string, n int) (release func()) {
	s.Helper()
	driver, err := neo4j.NewDriverWithContext("bolt://"+address, neo4j.NoAuth(), func(c *config.Config) {
		c.TelemetryDisabled, c.MaxConnectionPoolSize = true, n
	})
	require.NoError(s, err)
	for range n {
		session := driver.NewSession(ctx, neo4j.SessionConfig{})
		tx, err := session.BeginTransaction(ctx)
		require.NoError(s, err)
		result, err := tx.Run(ctx, "RETURN 1", nil)
		require.NoError(s, err)
		_, err = result.Consume(ctx)
		require.NoError(s, err)
	}
	return func() { _ = driver.Close(ctx) }
}

// sockets counts the established connections to the Bolt port of every database
// pod, as the kernel sees them in the pod's network.
func (s *Scenario) sockets(ctx context.Context) map[string]int {
	s.Helper()
	pods, err := s.Pods(ctx, s.Databases)
	require.NoError(s, err)
	counts := map[string]int{}
	for i := range pods {
		process, err := fleet.Process(ctx, &pods[i], fleet.Database)
		require.NoError(s, err)
		counts[pods[i].Name], err = process.Established(ctx, boltPort)
		require.NoError(s, err)
	}
	return counts
}
