package conformance

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRegisterOfANameThatExists(t *testing.T) {
	fact(t, "2.9a", "02", "05")
	a, b, c := trio(t)
	a.register(b, "SYNC")
	a.refuseRegister(b, "SYNC", 1)
	a.refuseRegister(b, "ASYNC", 1)
	a.refuse(registrationAt("b", "SYNC", c.address()), final, "Error: 1")
	require.Equal(t, "sync", a.shows("b", "ready").mode)
}

func TestRegisterOfAnEndpointThatExists(t *testing.T) {
	fact(t, "2.9b", "05")
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.refuseRegisterAt("b2", "SYNC", b.address(), 2)
	require.Len(t, a.replicas(), 1)
}

func TestRegisterOfAnUnreachableAddressLeavesAPhantom(t *testing.T) {
	fact(t, "2.9d", "2.10a", "05")
	for _, mode := range []string{"SYNC", "ASYNC", "STRICT_SYNC"} {
		t.Run(mode, func(t *testing.T) {
			a := lone(t)
			a.refuseRegisterAt("b", mode, nobody, 5)
			a.shows("b", phantom)
			a.refuseRegisterAt("b", mode, nobody, 1)
			a.run("DROP REPLICA b")
			a.showsNone()
		})
	}
}

func TestRegisterOfAMainLeavesAPhantom(t *testing.T) {
	fact(t, "2.9d", "2.10a", "05")
	needs(t, fresh)
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	a.refuseRegister(b, "SYNC", 5)
	a.shows("b", phantom)
	a.run("DROP REPLICA b")
	host, _ := b.replication()
	a.refuseRegisterAt("b", "SYNC", fmt.Sprintf("%s:%d", host, b.boltPort()), 5)
	a.run("DROP REPLICA b")
	b.demote()
	b.promote() // its port had been open
	a.refuseRegister(b, "ASYNC", 5)
}

func TestPhantomReplicatesNothingAndStopsNothing(t *testing.T) {
	fact(t, "2.10b", "13b")
	needs(t, control)
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

func TestPhantomBecomesARegistrationWhenTheMainRestarts(t *testing.T) {
	fact(t, "2.10c", "2.10d", "13b")
	needs(t, control)
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

func TestDropOfAnUnknownName(t *testing.T) {
	fact(t, "05")
	a := lone(t)
	a.refuse("DROP REPLICA nosuch", final, "Failed to unregister the replica nosuch.")
}

func TestReplicaNeitherRegistersNorDrops(t *testing.T) {
	fact(t, "03")
	_, b, c := trio(t)
	b.refuse(registration(c, "ASYNC"), final, "Replica can't register another replica!")
	b.refuse("DROP REPLICA c", final, "Replica can't unregister a replica!")
}

func TestReplicaWithDataOfItsOwnRegistersAndStaysInvalid(t *testing.T) {
	fact(t, "2.13", "05")
	needs(t, fresh)
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
	a.run("DROP REPLICA b")
	a.run(registration(b, "SYNC"))
	a.shows("b", "invalid")
	a.createUnconfirmed(3, "SYNC")
	b.has(7)
}

func TestNamesWithADashNeedBackQuotes(t *testing.T) {
	fact(t, "2.19a", "2.19b", "02")
	a, b, _ := trio(t)
	a.refuse(fmt.Sprintf("REGISTER REPLICA my-replica ASYNC TO %q", b.address()), final, "mismatched input '-'")
	a.run(fmt.Sprintf("REGISTER REPLICA `my-replica` ASYNC TO '%s'", b.address()))
	a.showsSoon("my-replica", "ready")
	a.refuse("DROP REPLICA `My-Replica`", final, "Failed to unregister the replica My-Replica.")
	a.run("DROP REPLICA `my-replica`")
	a.showsNone()
}

func TestRegisterOfAMalformedAddress(t *testing.T) {
	fact(t, "S1")
	a := lone(t)
	a.refuse(`REGISTER REPLICA x ASYNC TO "one:two:3"`, final, "Invalid socket address")
	a.showsNone()
}

func TestReplicaRegisteredByHostName(t *testing.T) {
	fact(t, "15a")
	a, b, _ := trio(t)
	host, port := b.replication()
	switch ip := net.ParseIP(host); {
	case ip == nil:
	case ip.IsLoopback():
		host = "localhost"
	default:
		skip(t, "the instances have addresses and no names")
	}
	address := fmt.Sprintf("%s:%d", host, port)
	a.run(registrationAt("b", "SYNC", address))
	require.Equal(t, address, a.shows("b", "ready").address)
	a.create(1)
	b.has(1)
	a.refuseRegisterAt("x", "ASYNC", unresolvable, 5)
	a.shows("x", phantom)
}

// unresolvable is an address with a host name that nobody has.
const unresolvable = "no-such-host.invalid:10000"

func TestHostNameThatDoesNotResolveDoesNotDelayTheStartOfItsMain(t *testing.T) {
	fact(t, "2.18c", "2.10c", "15a")
	needs(t, control)
	a, b, _ := trio(t)
	a.refuseRegisterAt("x", "ASYNC", unresolvable, 5)
	a.register(b, "SYNC")
	a.create(1)
	a.kill()
	began := time.Now()
	a.start()
	require.Less(t, time.Since(began), patience/2)
	a.showsSoon("b", "ready")
	a.shows("x", "invalid")
	a.create(2)
	b.has(1, 2)
}

func TestReplicaDroppedAndRegisteredAgainInAnotherModeGoesOn(t *testing.T) {
	fact(t, "2.10d", "13f")
	a, b, _ := trio(t)
	a.register(b, "ASYNC")
	a.create(1)
	b.getsTo(1)
	a.run("DROP REPLICA b")
	b.is("replica")
	a.create(2)
	a.register(b, "SYNC")
	b.has(1, 2)
}

func TestReplicaThatWasAMainWithoutWritesIsAcceptedAgain(t *testing.T) {
	fact(t, "13g", "13h")
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	a.run("DROP REPLICA b")
	b.refuse(creation(9), final, "forbidden on the replica")
	b.promote()
	b.demote()
	a.register(b, "SYNC")
	a.create(2)
	b.has(1, 2)

	a.run("DROP REPLICA b")
	b.promote()
	a.create(3) // in the meantime
	b.demote()
	a.register(b, "SYNC")
	b.has(1, 2, 3)
}

func TestEmptyReplicaCatchesUpAfterItsRegistration(t *testing.T) {
	fact(t, "1.1k", "12", "13i")
	needs(t, fresh)
	a, b, _ := trio(t)
	a.create(1)
	a.create(2)
	a.register(b, "SYNC")
	b.has(1, 2)
}

func TestSyncBesideStrictSyncIsAccepted(t *testing.T) {
	fact(t, "2.12", "02")
	a, b, c := trio(t)
	a.register(c, "STRICT_SYNC")
	a.run(registration(b, "SYNC"))
	require.Len(t, a.replicas(), 2)
}
