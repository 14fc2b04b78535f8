package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatementsTakeTheirTime(t *testing.T) {
	alone(t, "1.4", "12")
	a, b, _ := trio(t)
	// took holds a statement to ten times what it was seen to take, and to a second
	// at least: machines differ, and the orders of magnitude are what counts.
	took := func(what string, usual time.Duration, do func()) {
		began := time.Now()
		do()
		t.Logf("%s: %s", what, time.Since(began))
		require.Less(t, time.Since(began), max(10*usual, time.Second), what)
	}
	took("REGISTER, until it is ready", 24*time.Millisecond, func() { a.register(b, "STRICT_SYNC") })
	took("a write with a voter", 3*time.Millisecond, func() { a.create(1) })
	took("SHOW REPLICAS", time.Millisecond, func() { a.run("SHOW REPLICAS") })
	took("SHOW REPLICATION ROLE", time.Millisecond, func() { a.run("SHOW REPLICATION ROLE") })
	took("DROP", 2*time.Millisecond, func() { a.run("DROP REPLICA b") })
	took("REGISTER, until it is ready again", 24*time.Millisecond, func() { a.register(b, "STRICT_SYNC") })
	took("demotion", 30*time.Millisecond, a.demote)
	took("promotion", 200*time.Millisecond, a.promote)
	took("promotion of the other", 200*time.Millisecond, b.promote)
}

func TestManyNodesAreThereSoonAfterARestart(t *testing.T) {
	alone(t, "12")
	needs(t, control)
	slow(t)
	const nodes = 200_000
	a, b := behind(t, nodes)
	for name, end := range map[string]func(){"kill": a.kill, "SIGTERM": a.terminate} {
		end()
		began := time.Now()
		a.start("--storage-snapshot-on-exit=true")
		t.Logf("answered %s after %s", time.Since(began), name)
		require.Less(t, time.Since(began), patience)
		require.EqualValues(t, nodes, a.count())
	}
	a.register(b, "SYNC")
	require.EqualValues(t, nodes, b.count())
}
