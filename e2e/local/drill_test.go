package local

import (
	"os/exec"
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/cli/drill"
)

// Under load, because then the questions of a drill meet the writes of others.
func TestDrillsRecoverAndLeaveNothing(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	load := work(t, c)
	for _, fault := range []string{"kill-main", "switchover", "kill-voter"} {
		before := c.Whole()
		said, err := exec.CommandContext(t.Context(), c.args[0], "drill", fault, "--yes", "--writes", "--server", c.API.Base).CombinedOutput()
		t.Logf("%s", said)
		require.NoError(t, err, fault)
		require.Contains(t, string(said), "Recovered: ")
		after := c.Whole()
		if fault == "kill-voter" {
			require.Contains(t, string(said), "voter "+voter(before)+" is replaced")
			require.Equal(t, main(before), main(after))
		} else {
			require.NotEqual(t, main(before), main(after))
		}
	}
	nothingLost(t, c, load)
	left, err := as(t.Context(), c.Write, neo4j.NoAuth(), "MATCH (n:"+drill.Label+") RETURN count(n)")
	require.NoError(t, err)
	require.Equal(t, int64(0), left)
}
