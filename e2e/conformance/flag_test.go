package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFsyncAtEveryTransactionWorksOnMainAndVoter(t *testing.T) {
	alone(t, "3.4", "23g")
	needs(t, control)
	for name, flags := range map[string][]string{"default": nil, "at every one": {"--storage-wal-file-flush-every-n-tx=1"}} {
		t.Run(name, func(t *testing.T) {
			a, b, _ := cluster(t, flags...)
			began := time.Now()
			l := underLoad(a, 1)
			l.goesOn(200)
			acked := l.end()
			t.Logf("%s for a write and its clients", time.Since(began)/time.Duration(len(acked)))
			a.kill()
			b.restart()
			require.Empty(t, missing(b, acked))
		})
	}
}

func TestWithoutAnyDurabilityNothingIsReplicated(t *testing.T) {
	fact(t, "2.17", "11")
	needs(t, control)
	a, b, _ := trio(t, "--storage-wal-enabled=false", "--storage-snapshot-interval-sec=0")
	a.register(b, "SYNC")
	a.create(1)
	a.shows("b", "ready")
	b.has()
}

func TestRareHeartbeatsNoticeADeadReplicaLater(t *testing.T) {
	fact(t, "11")
	needs(t, control)
	slow(t)
	a, b, _ := trio(t, "--replication-replica-check-frequency-sec=5")
	a.register(b, "ASYNC")
	b.kill()
	time.Sleep(7 * time.Second) // with one a second it takes 3 s
	a.shows("b", "ready")
}

func TestFirstStartFailsWhileAnotherProcessHoldsTheData(t *testing.T) {
	fact(t, "3.12c")
	needs(t, control)
	a := lone(t)
	a.create(1)
	second := instanceAt(t, a.twin(t), "second", a.flags...)
	if a.changed(waitsForTheDataLock) {
		slow(t)
	}
	began := time.Now()
	second.launch()
	life := second.life
	second.ends(3 * patience)
	require.NotZero(t, life.code)
	if a.changed(waitsForTheDataLock) {
		require.Greater(t, time.Since(began), patience/2)
	}
	a.kill()
	second.start()
	second.has(1)
}
