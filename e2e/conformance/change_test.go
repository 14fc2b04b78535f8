package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

// version is a release of Memgraph.
type version struct{ major, minor, patch int }

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) before(w version) bool {
	if v.major != w.major {
		return v.major < w.major
	}
	if v.minor != w.minor {
		return v.minor < w.minor
	}
	return v.patch < w.patch
}

// change is what a version after the observed one does differently, by its release
// notes or its source.
type change struct {
	since version
	what  string
	issue string // in github.com/memgraph/memgraph
}

func (c change) String() string { return fmt.Sprintf("since %s %s, %s", c.since, c.what, c.issue) }

// The changes that facts meet. A fact asks changed(...) and then holds the instance
// to what the change says.
var (
	snapshotsOnReplicas = change{version{3, 7, 2}, "replicas take snapshots", "#3420"}
	oneKindOfRefusal    = change{version{3, 8, 0}, "an unconfirmed commit is never an error that drivers retry", "#3747"}
	refusalsNameReplica = change{version{3, 10, 0}, "the error of an unconfirmed commit names the replica", "#3985"}
	waitsForTheDataLock = change{version{3, 10, 0}, "a second process waits 30 s for the data directory", "--data-dir-lock-acquisition-timeout-sec"}
	blackHolesEnd       = change{version{3, 10, 0}, "TCP gives up on a black hole after 5 s (TCP_USER_TIMEOUT)", "#3942"}
	dropAborts          = change{version{3, 10, 0}, "DROP REPLICA aborts what is under way to the replica; whether its use after free then kills the main is chance", "#4005"}
	storageInfoSplit    = change{version{3, 11, 0}, "SHOW STORAGE INFO is about the whole instance", "#4155"}
	offersBolt44        = change{version{3, 12, 0}, "Bolt 4.4 is offered too", "source"}
	shutdownAborts      = change{version{3, 12, 0}, "SIGTERM aborts a commit that waits for a replica", "#4314"}
	syncFailureWarns    = change{version{3, 13, 0}, "an unconfirmed SYNC commit is a success with a warning", "#4601"}
	refusedIsForgotten  = change{version{3, 13, 0}, "a registration refused as diverged leaves nothing behind", "#4510"}
	dropIsSafe          = change{version{3, 13, 0}, "DROP REPLICA of a silent replica works", "#4510"}
)

// changed tells whether the instance is of a version with the change.
func (i *instance) changed(c change) bool {
	i.t.Helper()
	if i.version().before(c.since) {
		return false
	}
	results.met(i.t, c)
	return true
}

// version asks the instance once.
func (i *instance) version() version {
	i.t.Helper()
	if i.known != (version{}) {
		return i.known
	}
	shown := i.run("SHOW VERSION")
	require.Equal(i.t, []string{"version"}, shown.columns)
	v := &i.known
	n, err := fmt.Sscanf(shown.rows[0][0].(string), "%d.%d.%d", &v.major, &v.minor, &v.patch)
	require.True(i.t, n >= 2, "version %v: %v", shown.rows, err)
	return i.known
}

// learns asks for the version of the first instance.
func (l *ledger) learns(i *instance) {
	i.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version == (version{}) {
		l.version = i.version()
	}
}
