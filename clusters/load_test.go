package clusters

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/kind"
)

func TestWhichDatabaseRuns(t *testing.T) {
	require.Equal(t, memgraphImage, databaseImage("", kind.Registry))
	require.Equal(t, standIn, databaseImage("", kind.Offline))
	for _, origin := range []kind.Origin{kind.Registry, kind.Offline} {
		require.Equal(t, "mine:1", databaseImage("mine:1", origin), "what is named is used")
		require.Equal(t, standIn, databaseImage(standIn, origin))
	}
}
