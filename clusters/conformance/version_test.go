package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

// since tells whether i is of version 3.minor or a later one.
func (i *instance) since(minor int) bool {
	i.t.Helper()
	shown := i.run("SHOW VERSION")
	require.Equal(i.t, []string{"version"}, shown.columns)
	var isMajor, isMinor int
	_, err := fmt.Sscanf(shown.rows[0][0].(string), "%d.%d", &isMajor, &isMinor)
	require.NoError(i.t, err)
	return isMajor > 3 || isMinor >= minor
}

// How a transaction was begun.
const (
	autocommit = false
	explicit   = true
)

// unconfirmed is about the commit of a transaction that b, a replica in mode, did
// not confirm. Up to 3.7 drivers retry it or not by the way it was begun
// (transcript 06); the rest is from the source, memgraph.md A.4: the texts of 3.10,
// and from 3.13 a SYNC replica that is missing is no error any more.
func (i *instance) unconfirmed(err error, mode string, explicit bool) {
	i.t.Helper()
	if i.since(13) && mode == "SYNC" {
		require.NoError(i.t, err)
		return
	}
	code, text := final, fmt.Sprintf("At least one %s replica has not confirmed committing last transaction.", mode)
	if !i.since(8) && !explicit {
		code = retryable
	}
	if i.since(10) {
		text = fmt.Sprintf("Failed to replicate to %s replica 'b'", mode)
	}
	i.refused(err, code, text, "commit")
}

// dropDiverged drops what a registration refused as diverged left behind: up to
// 3.12 a phantom (transcript 05, #4510).
func (i *instance) dropDiverged(name string) {
	i.t.Helper()
	if i.since(13) {
		require.NotContains(i.t, i.replicas(), name)
		return
	}
	i.shows(name, phantom)
	i.run("DROP REPLICA " + name)
}
