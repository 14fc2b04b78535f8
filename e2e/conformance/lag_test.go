package conformance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// behind is a main with many nodes and a fresh replica b that nobody has registered.
func behind(t *testing.T, nodes int) (a, b *instance) {
	t.Helper()
	a, b, _ = trio(t)
	const batch = 20_000
	for first := 0; first < nodes; first += batch {
		a.run(fmt.Sprintf("UNWIND range(%d, %d) AS id CREATE (:P {id: id, text: 'some text to send'})", first, min(first+batch, nodes)-1))
	}
	return a, b
}

// lagging is far enough behind for the catch-up to be seen.
const lagging = 300_000

func TestLaggingReplicaRegisteredStrictSyncAbortsAllWritesUntilItHasCaughtUp(t *testing.T) {
	alone(t, "3.3a", "2.5", "23b")
	needs(t, fresh)
	slow(t)
	a, b := behind(t, lagging)
	a.run(registration(b, "STRICT_SYNC"))
	refused := 0
	for began := time.Now(); ; time.Sleep(pause) {
		_, err := a.try(creation(firstLoaded))
		if err == nil {
			break
		}
		a.unconfirmed(err, "STRICT_SYNC", autocommit)
		refused++
		require.Less(t, time.Since(began), 3*patience)
	}
	require.Positive(t, refused)
	a.showsSoon("b", "ready")
	require.Equal(t, a.count(), b.count())
}

// count is how many nodes i holds.
func (i *instance) count() any {
	i.t.Helper()
	return i.run("MATCH (n) RETURN count(n)").rows[0][0]
}

func TestReplicaCatchesUpAsAsyncWithoutHarmAndIsMadeVoterInAPause(t *testing.T) {
	alone(t, "3.3b", "3.3c", "3.3d", "23b2")
	needs(t, fresh)
	slow(t)
	a, b := behind(t, lagging)
	l := underLoad(a, 8)
	a.untilDone(registration(b, "ASYNC"), "Couldn't register replica b. Error: 6")
	a.showsSoonUnderLoad("b", "ready") // near enough

	const looks = 300
	inSync := 0
	for range looks {
		if found := a.replicas()["b"]; found.status == "ready" && found.behind == 0 {
			inSync++
		}
		time.Sleep(pause)
	}
	l.goesOn(20)
	l.end()
	_, failed := l.count()
	t.Logf("ready with nothing missing in %d of %d looks; %s", inSync, looks, l)
	require.Zero(t, failed, "writes do not notice")
	require.Less(t, inSync, looks/2, "there is nearly always something under way")

	began := time.Now()
	a.showsSoon("b", "ready")
	require.Less(t, time.Since(began), patience/4, "clients pause, so it catches up")
	a.run("DROP REPLICA b")
	a.run(registration(b, "STRICT_SYNC"))
	a.create(firstLoaded)
	require.Equal(t, a.count(), b.count())
}
