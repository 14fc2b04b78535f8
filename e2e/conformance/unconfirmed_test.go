package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

// How a transaction was begun.
const (
	autocommit = false
	explicit   = true
)

// unconfirmed is about the commit of a transaction that b, a replica in mode, did
// not confirm. Drivers retry it or not by the way it was begun (transcript 06),
// unless the version is a later one.
func (i *instance) unconfirmed(err error, mode string, explicit bool) {
	i.t.Helper()
	if mode == "SYNC" && i.changed(syncFailureWarns) {
		require.NoError(i.t, err)
		return
	}
	code, text := final, fmt.Sprintf("At least one %s replica has not confirmed committing last transaction.", mode)
	if !explicit && !i.changed(oneKindOfRefusal) {
		code = retryable
	}
	if i.changed(refusalsNameReplica) {
		text = fmt.Sprintf("Failed to replicate to %s replica 'b'", mode)
	}
	i.refused(err, code, text, "commit")
}

// dropDiverged drops what a registration refused as diverged left behind: a phantom
// (transcript 05).
func (i *instance) dropDiverged(name string) {
	i.t.Helper()
	if i.changed(refusedIsForgotten) {
		require.NotContains(i.t, i.replicas(), name)
		return
	}
	i.shows(name, phantom)
	i.run("DROP REPLICA " + name)
}
