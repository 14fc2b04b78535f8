package explore

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOther(t *testing.T) {
	var m *model
	switch os.Getenv("CFG") {
	case "B":
		m = newModel(1, 1, 2, kills, startsEmpty, asks, leaderChanges)
	case "C":
		m = newModel(1, 1, 2, kills, freezes, linkBreaks, hides, cutsOff, leaderChanges)
	case "H":
		m = newModel(1, 1, 2, kills, terminates, freezes)
	case "D":
		m = newModel(2, 1, 2, kills, cutsOff, hides, freezes)
	case "E":
		m = newModel(1, 2, 2, kills, leaderChanges)
	case "F":
		m = newModel(1, 1, 3, kills)
	case "G":
		m = newModel(1, 1, 2, kills, freezes, linkBreaks, hides)
		m.recovery = 0
	}
	r := m.explore(12_000_000)
	t.Log(r)
	require.Empty(t, r.broken, strings.Join(r.timeline, "\n"))
}
