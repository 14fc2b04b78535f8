package explore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrial(t *testing.T) {
	m := newModel(1, 1, 2, kills, freezes, linkBreaks, hides, cutsOff, leaderChanges)
	r := m.explore(9_000_000)
	t.Log(r)
	require.Empty(t, r.broken, strings.Join(r.timeline, "\n"))
}
