package topology_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// E.32: a StatefulSet that is scaled down ends all pods beyond its new size at once. Here
// these are the main and its voter, and preStop leaves them 5 s.
func TestMainAndVoterThatAreScaledAwayHandOverToThoseThatStay(t *testing.T) {
	w := begin(t, 5)
	w.databases["a"].terminating, w.databases["b"].terminating = true, true
	stays := func(name string) bool { return name != "" && strings.Contains("c d e", name) }
	settled := func() bool {
		return w.record.Gate == topology.GateOpen && stays(w.record.Main) && stays(w.record.Voter)
	}
	require.True(t, w.runUntil(5*time.Second, settled), w.reason())
	acked := len(w.acked)
	w.databases["a"].kill()
	w.databases["b"].kill()
	main, voter := w.record.Main, w.record.Voter
	w.run(time.Minute)
	require.Equal(t, []string{main, voter}, []string{w.record.Main, w.record.Voter}, "nobody was lost who counted")
	require.Greater(t, len(w.acked), acked, "writes go on")
	healed(t, w)
}
