package local

import (
	"context"
	"os/exec"
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/cli/drill"
	"memgraph-controller/e2e/workload"
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
	require.Zero(t, nodesOf(t, c, drill.Label))
}

// nodesOf counts the nodes with a label.
func nodesOf(t *testing.T, c *Cluster, label string) int64 {
	t.Helper()
	driver, err := workload.Driver(c.Write)
	require.NoError(t, err)
	defer driver.Close(context.Background())
	result, err := neo4j.ExecuteQuery(t.Context(), driver, "MATCH (n:"+label+") RETURN count(n) AS n", nil, neo4j.EagerResultTransformer)
	require.NoError(t, err)
	count, _, err := neo4j.GetRecordValue[int64](result.Records[0], "n")
	require.NoError(t, err)
	return count
}
