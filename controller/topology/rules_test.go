package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// begin boots a cluster and notes every later step in the test's log.
func begin(t *testing.T, instances int) *world {
	w := newWorld(instances, 2)
	w.trace = func(s string) { t.Logf("%6.2f %s", float64(w.ticks)*tick.Seconds(), s) }
	boot(w)
	require.Empty(t, w.converge())
	return w
}

// healed requires that nothing broke and that the cluster becomes whole.
func healed(t *testing.T, w *world) {
	w.heal()
	wrong := w.converge()
	require.Empty(t, w.broken)
	require.Empty(t, wrong)
}

func TestEveryInstanceMayRestartInPlaceWhileTheGateIsOpen(t *testing.T) {
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 3)
			w.restart(name)
			w.run(3 * time.Second)
			healed(t, w)
		})
	}
}
