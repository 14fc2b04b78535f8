package conformance

import "testing"

func TestSecondMainTakesAReplicaOverSilently(t *testing.T) {
	fact(t, "2.14", "05")
	needs(t, fresh)
	a, b, c := trio(t)
	a.register(b, "SYNC")
	c.promote()
	c.run(registration(b, "SYNC"))
	c.showsSoon("b", "ready")
	a.createUnconfirmed(1, "SYNC")
	a.shows("b", "invalid")
	c.create(2)
	a.createUnconfirmed(3, "SYNC")
	a.has(1, 3)
	b.has(2)
	c.has(2)
}

func TestOldMainOfAPromotedVoterCannotCommit(t *testing.T) {
	fact(t, "3.8c", "09")
	a, b, _ := cluster(t)
	a.create(1)
	b.promote()
	a.is("main")
	a.createUnconfirmed(2, "STRICT_SYNC")
	a.has(1)
	b.create(3)
	b.has(1, 3)
}

func TestOldMainFeedsAnAsyncReplicaUntilItIsRegisteredElsewhere(t *testing.T) {
	fact(t, "3.8a", "3.8b", "2.9c", "2.10a", "09")
	needs(t, fresh)
	a, b, c := clusterOf(t, "SYNC", "ASYNC")
	a.create(1)
	c.getsTo(1)
	b.promote()
	a.createUnconfirmed(100, "SYNC")
	c.getsTo(1, 100)
	b.create(200)
	b.refuseRegister(c, "ASYNC", 3) // it has 100 now
	b.dropDiverged("c")
}

func TestReplicaRegisteredElsewhereIsFencedFromItsOldMain(t *testing.T) {
	fact(t, "3.8a", "09")
	needs(t, fresh)
	a, b, c := clusterOf(t, "SYNC", "ASYNC")
	a.create(1)
	c.getsTo(1)
	b.promote()
	b.register(c, "ASYNC")
	b.create(200)
	a.createUnconfirmed(100, "SYNC")
	a.has(1, 100)
	a.showsSoon("c", "invalid")
	c.getsTo(1, 200)
}

func TestRefusedRegistrationFencesAllTheSame(t *testing.T) {
	fact(t, "2.9c", "09")
	needs(t, fresh)
	a, b, c := clusterOf(t, "SYNC", "ASYNC")
	a.create(1)
	b.promote()
	a.createUnconfirmed(100, "SYNC")
	c.getsTo(1, 100)
	b.refuseRegister(c, "ASYNC", 3)
	a.createUnconfirmed(101, "SYNC")
	a.showsSoon("c", "invalid")
	c.has(1, 100)
}
