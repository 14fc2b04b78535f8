package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A history is what an instance remembers of its epochs. One that restarted and
// then took more transactions of the same epoch is unclean: promoted, it refuses
// all others with error 3 although the data are equal.

// histories end with b promoted. In each a is the first main, b its STRICT_SYNC
// voter and c its ASYNC replica.
var histories = []struct {
	name     string // the case in transcript 18 and 18b, or the transcript
	story    func(a, b, c *instance)
	accepted bool
}{
	{"16a, b never restarted", func(a, b, _ *instance) {
		a.create(1)
		a.create(2)
		takeover(a, b)
	}, true},
	{"A, b restarted, then writes", func(a, b, _ *instance) {
		unclean(a, b)
		takeover(a, b)
	}, false},
	{"B, as A, refreshed, one write", func(a, b, c *instance) {
		unclean(a, b)
		a.refresh(b, c)
		a.create(4)
		a.showsSoon("c", "ready")
		takeover(a, b)
	}, true},
	{"C, as A, refreshed, no write", func(a, b, c *instance) {
		unclean(a, b)
		a.refresh(b, c)
		takeover(a, b)
	}, false},
	{"E, main restarted in place, refreshed before the first write", func(a, b, c *instance) {
		a.create(1)
		a.showsSoon("c", "ready")
		a.restart()
		a.refresh(b, c)
		a.create(2)
		a.create(3)
		a.showsSoon("c", "ready")
		takeover(a, b)
	}, true},
	{"F, b and c restarted with writes between, refreshed, switchover", func(a, b, c *instance) {
		a.create(1)
		for _, replica := range []*instance{c, b} {
			a.showsSoon("c", "ready")
			replica.restart()
			a.showsSoon(replica.name, "ready")
			a.createSoon(len(a.ids()) + 1)
		}
		a.refresh(b, c)
		a.create(4)
		a.showsSoon("c", "ready")
		a.demote()
		b.promote()
		a.restart()
	}, true},
	{"G, as A, refreshed, an index on a reserved label created and dropped", func(a, b, c *instance) {
		unclean(a, b)
		a.refresh(b, c)
		a.run("CREATE INDEX ON :__epoch")
		a.run("DROP INDEX ON :__epoch")
		a.showsSoon("c", "ready")
		takeover(a, b)
	}, true},
	{"H, as A, the promoted b ended with SIGTERM and restarted", func(a, b, _ *instance) {
		unclean(a, b)
		takeover(a, b)
		b.terminate()
		b.start()
	}, true},
	{"H2, as A, the promoted b killed and restarted", func(a, b, _ *instance) {
		unclean(a, b)
		takeover(a, b)
		b.restart()
	}, true},
	{"H3, as A, the promoted b takes a snapshot, is killed and restarted", func(a, b, _ *instance) {
		unclean(a, b)
		takeover(a, b)
		b.run("CREATE SNAPSHOT")
		b.restart()
	}, false},
	{"17d, as A, the promoted b takes a snapshot when it is ended", func(a, b, _ *instance) {
		b.flags = append(b.flags, "--storage-snapshot-on-exit=true")
		unclean(a, b)
		takeover(a, b)
		b.terminate()
		b.start()
	}, false},
	{"17b, as A, b restarted right before the promotion", func(a, b, _ *instance) {
		unclean(a, b)
		a.kill()
		b.restart()
		b.promote()
	}, true},
	{"17c, as A, b promoted, takes a write, restarted", func(a, b, _ *instance) {
		unclean(a, b)
		takeover(a, b)
		b.create(4)
		b.restart()
	}, true},
	{"16a, b dropped and registered again after its restart", func(a, b, _ *instance) {
		a.create(1)
		b.restart()
		a.showsSoon("b", "ready")
		a.run("DROP REPLICA b")
		a.register(b, "STRICT_SYNC")
		a.create(2)
		takeover(a, b)
	}, false},
	{"J, b emptied and filled again instead of restarted", func(a, b, _ *instance) {
		a.create(1)
		b.wipe()
		b.demote()
		a.run("DROP REPLICA b")
		a.register(b, "STRICT_SYNC")
		a.create(2)
		a.create(3)
		takeover(a, b)
	}, true},
}

// unclean makes the history of b unclean.
func unclean(a, b *instance) {
	a.create(1)
	b.restart()
	a.createSoon(2)
	a.create(3)
	a.showsSoon("c", "ready")
}

// takeover promotes b in place of a.
func takeover(a, b *instance) {
	a.kill()
	b.promote()
}

func TestPromotedInstanceAcceptsOthersByItsHistory(t *testing.T) { // transcripts 16, 17, 18, 18b
	t.Parallel()
	for _, history := range histories {
		t.Run(history.name, func(t *testing.T) {
			t.Parallel()
			a, b, c := cluster(t)
			history.story(a, b, c)
			if a.process == nil {
				a.start()
			}
			if a.run("SHOW REPLICATION ROLE").rows[0][0] == "main" {
				a.demote()
			}
			if !history.accepted {
				b.refuseRegister(c, "STRICT_SYNC", 3)
				b.refuseRegister(a, "ASYNC", 3)
				require.Equal(t, a.ids(), c.ids(), "the data are equal all the same")
				return
			}
			b.register(c, "STRICT_SYNC")
			b.register(a, "ASYNC")
			b.create(100)
			c.has(b.ids()...)
			a.getsTo(b.ids()...)
		})
	}
}

func TestRefreshOfAMainThatRestartedAndTookWritesIsRefusedByAll(t *testing.T) { // transcript 18 D
	t.Parallel()
	a, b, c := cluster(t)
	a.create(1)
	a.showsSoon("c", "ready")
	a.restart()
	a.showsSoon("b", "ready")
	a.showsSoon("c", "ready")
	a.create(2)
	a.create(3)
	a.showsSoon("c", "ready")
	a.demote()
	a.promote()
	a.refuseRegister(b, "STRICT_SYNC", 3)
	a.refuseRegister(c, "ASYNC", 3)
}

func TestRefusedInstanceIsAcceptedWhenItWasEmptied(t *testing.T) { // transcript 17e
	t.Parallel()
	a, b, c := cluster(t)
	unclean(a, b)
	takeover(a, b)
	b.refuseRegister(c, "STRICT_SYNC", 3)
	b.dropDiverged("c")
	c.wipe()
	c.demote()
	b.register(c, "STRICT_SYNC")
	c.has(1, 2, 3)
}

func TestSnapshotOnAReplicaDoesNotCleanItsHistory(t *testing.T) { // transcript 18b I
	t.Parallel()
	a, b, c := cluster(t)
	unclean(a, b)
	if b.since(8) {
		t.Skip("3.7.2 and later take snapshots on replicas; their effect was not observed")
	}
	b.refuse("CREATE SNAPSHOT", retryable, "Replica instances are not allowed to create them")
	takeover(a, b)
	b.refuseRegister(c, "STRICT_SYNC", 3)
}

func TestTransactionsOpenAcrossARefreshGoOn(t *testing.T) { // transcript 18c
	t.Parallel()
	a, b, c := cluster(t)
	ctx := t.Context()
	a.create(1)
	wrote, read := a.begin(), a.begin()
	_, err := wrote.Run(ctx, creation(2), nil)
	require.NoError(t, err)
	result, err := read.Run(ctx, "MATCH (n) RETURN count(n)", nil)
	require.NoError(t, err)
	_, err = result.Consume(ctx)
	require.NoError(t, err)

	a.refresh(b, c)

	_, err = wrote.Run(ctx, creation(3), nil)
	require.NoError(t, err)
	require.NoError(t, wrote.Commit(ctx))
	_, err = read.Run(ctx, creation(4), nil)
	require.NoError(t, err)
	require.NoError(t, read.Commit(ctx))
	b.has(1, 2, 3, 4)
	c.getsTo(1, 2, 3, 4)
}
