package conformance

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegisterOfANameThatExists(t *testing.T) { // transcripts 02 and 05
	t.Parallel()
	a, b, c := trio(t)
	a.register(b, "SYNC")
	a.refuseRegister(b, "SYNC", 1)
	a.refuseRegister(b, "ASYNC", 1)
	a.refuse(fmt.Sprintf("REGISTER REPLICA b SYNC TO %q", c.address()), final, "Error: 1")
	require.Equal(t, "sync", a.shows("b", "ready").mode)
}

func TestRegisterOfAnEndpointThatExists(t *testing.T) { // transcript 05
	t.Parallel()
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.refuse(fmt.Sprintf("REGISTER REPLICA b2 SYNC TO %q", b.address()), final, "Couldn't register replica b2. Error: 2")
	require.Len(t, a.replicas(), 1)
}

func TestRegisterOfAnUnreachableAddressLeavesAPhantom(t *testing.T) { // transcript 05
	t.Parallel()
	for _, mode := range []string{"SYNC", "ASYNC", "STRICT_SYNC"} {
		t.Run(mode, func(t *testing.T) {
			a := lone(t)
			b := newInstance(t, "b")
			a.refuseRegister(b, mode, 5)
			a.shows("b", phantom)
			a.refuseRegister(b, mode, 1)
			a.run("DROP REPLICA b")
			a.showsNone()
		})
	}
}

func TestRegisterOfAMainLeavesAPhantom(t *testing.T) { // transcript 05
	t.Parallel()
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	a.refuseRegister(b, "SYNC", 5)
	a.shows("b", phantom)
	a.run("DROP REPLICA b")
	b.demote()
	b.promote() // its port had been open
	a.refuseRegister(b, "ASYNC", 5)
}

func TestPhantomReplicatesNothingAndStopsNothing(t *testing.T) { // transcript 13b
	t.Parallel()
	a := lone(t)
	b := newInstance(t, "b")
	a.refuseRegister(b, "SYNC", 5)
	a.create(1)
	b.start()
	b.demote()
	a.create(2)
	a.shows("b", phantom)
	b.has()
}

func TestPhantomBecomesARegistrationWhenTheMainRestarts(t *testing.T) { // transcript 13b
	t.Parallel()
	a := lone(t)
	b := newInstance(t, "b")
	a.refuseRegister(b, "SYNC", 5)
	a.create(1)
	b.start()
	b.demote()
	a.restart()
	require.Negative(t, a.shows("b", "invalid").behind)
	a.createUnconfirmed(2, "SYNC")
	a.run("DROP REPLICA b")
	a.register(b, "SYNC")
	b.has(1, 2)
}

func TestDropOfAnUnknownName(t *testing.T) { // transcript 05
	t.Parallel()
	a := lone(t)
	a.refuse("DROP REPLICA nosuch", final, "Failed to unregister the replica nosuch.")
}

func TestReplicaNeitherRegistersNorDrops(t *testing.T) { // transcript 03
	t.Parallel()
	_, b, c := trio(t)
	b.refuse(registration(c, "ASYNC"), final, "Replica can't register another replica!")
	b.refuse("DROP REPLICA c", final, "Replica can't unregister a replica!")
}

func TestReplicaWithDataOfItsOwnRegistersAndStaysInvalid(t *testing.T) { // transcript 05
	t.Parallel()
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	a.create(1)
	b.create(7)
	b.demote()
	a.run(registration(b, "ASYNC"))
	a.shows("b", "invalid")
	a.create(2)
	require.Negative(t, a.shows("b", "invalid").behind)
	b.has(7)
}

func TestNamesWithADashNeedBackQuotes(t *testing.T) { // memgraph-observed 2
	t.Parallel()
	a, b, _ := trio(t)
	a.refuse(fmt.Sprintf("REGISTER REPLICA my-replica ASYNC TO %q", b.address()), final, "mismatched input '-'")
	a.run(fmt.Sprintf("REGISTER REPLICA `my-replica` ASYNC TO '%s'", b.address()))
	a.showsSoon("my-replica", "ready")
	a.refuse("DROP REPLICA `My-Replica`", final, "Failed to unregister the replica My-Replica.")
	a.run("DROP REPLICA `my-replica`")
	a.showsNone()
}

func TestRegisterOfAMalformedAddress(t *testing.T) { // from the source, memgraph.md A.4
	t.Parallel()
	a := lone(t)
	a.refuse(`REGISTER REPLICA x ASYNC TO "one:two:3"`, final, "Invalid socket address")
	a.showsNone()
}

func TestReplicaRegisteredByHostName(t *testing.T) { // transcript 15a
	t.Parallel()
	a, b, _ := trio(t)
	address := fmt.Sprintf("localhost:%d", b.replication)
	a.run(fmt.Sprintf("REGISTER REPLICA b SYNC TO %q", address))
	require.Equal(t, address, a.shows("b", "ready").address)
	a.refuse(`REGISTER REPLICA x ASYNC TO "no-such-host.invalid:10000"`, final, "Couldn't register replica x. Error: 5")
	a.shows("x", phantom)
}

func TestEmptyReplicaCatchesUpAfterItsRegistration(t *testing.T) { // transcripts 12 and 17e
	t.Parallel()
	a, b, _ := trio(t)
	a.create(1)
	a.create(2)
	a.register(b, "SYNC")
	b.has(1, 2)
}

func TestSyncBesideStrictSyncIsAccepted(t *testing.T) { // transcript 02
	t.Parallel()
	a, b, c := trio(t)
	a.register(c, "STRICT_SYNC")
	a.run(registration(b, "SYNC"))
	require.Len(t, a.replicas(), 2)
}
