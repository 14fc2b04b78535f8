package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The facts for which instances need a network or a volume of their own: they are
// asked of containers only.

// network is one of its own for a fact, where no other takes an address that became
// free. It returns what makes instances there, with options of the engine.
func network(t *testing.T) (apart func(name string, options ...string) (*instance, *sandbox)) {
	t.Helper()
	e := instances.get(t).(*engine)
	name := e.next("network")
	_, err := docker("network", "create", name)
	require.NoError(t, err)
	remove := func(args ...string) {
		t.Cleanup(func() {
			_, err := docker(args...)
			require.NoError(t, err)
		})
	}
	remove("network", "rm", name)
	return func(called string, options ...string) (*instance, *sandbox) {
		s := e.sandbox(t, name, options...)
		remove("container", "rm", "--force", s.name)
		return instanceAt(t, e.in(t, s, called), called), s
	}
}

// blackHole is a main whose commit waits for its voter b, which was cut off. The
// options are those of the main.
func blackHole(t *testing.T, options ...string) (a *instance, b *sandbox, commit chan error) {
	t.Helper()
	apart := network(t)
	a, _ = apart("a", options...)
	voter, b := apart("b")
	a.start()
	voter.start()
	voter.demote()
	a.register(voter, "STRICT_SYNC")
	a.create(1)
	b.cutOff(t)
	commit = make(chan error, 1)
	go func() {
		_, err := a.try(creation(2))
		commit <- err
	}()
	return a, b, commit
}

func TestBlackHoledVoterStallsTheMain(t *testing.T) {
	fact(t, "1.3a", "1.3e", "20")
	needs(t, control, containers)
	slow(t)
	for _, about := range []struct {
		name    string
		options []string
		given   bool // up soon
	}{
		{"by default", nil, false},
		{"with few retries of TCP", []string{"--sysctl", "net.ipv4.tcp_retries2=3"}, true},
	} {
		t.Run(about.name, func(t *testing.T) {
			t.Parallel()
			a, b, commit := blackHole(t, about.options...)
			began := time.Now()
			a.is("main")
			a.unconfirmed(<-commit, "STRICT_SYNC", autocommit)
			took := time.Since(began)
			t.Logf("aborted after %s", took)
			require.Greater(t, took, time.Second)
			require.Equal(t, about.given || a.changed(blackHolesEnd), took < 11*time.Second)
			a.has(1)

			b.reconnect(t)
			a.showsSoon("b", "ready")
			a.create(3) // b has confirmed it
		})
	}
}

func TestDemotionAndPromotionAreRidOfABlackHoledVoter(t *testing.T) {
	fact(t, "1.2e", "20N")
	needs(t, control, containers)
	slow(t)
	a, _, commit := blackHole(t, "--sysctl", "net.ipv4.tcp_retries2=3")
	a.unconfirmed(<-commit, "STRICT_SYNC", autocommit)
	began := time.Now()
	a.untilDone(a.toReplica(), alreadyOrBusyReplica)
	a.promote()
	t.Logf("demoted and promoted in %s", time.Since(began))
	require.Less(t, time.Since(began), patience)
	a.showsNone()
	a.create(3)
	a.has(1, 3)
}

func TestReplicaRegisteredByNameIsFoundAgainAtAnotherAddress(t *testing.T) {
	fact(t, "3.12a")
	needs(t, control, containers)
	apart := network(t)
	a, _ := apart("a")
	b, sandbox := apart("b")
	a.start()
	b.start()
	b.demote()
	a.register(b, "STRICT_SYNC")
	a.create(1)
	before := sandbox.address(t)
	b.kill()
	sandbox.cutOff(t)
	apart("squatter") // takes the address, or the one that is next
	sandbox.reconnect(t)
	require.NotEqual(t, before, sandbox.address(t))
	b.launch()
	began := time.Now()
	a.showsSoon("b", "ready")
	t.Logf("found after %s", time.Since(began))
	a.createSoon(2) // b has confirmed it
}

func TestImageDiesOnAVolumeThatItMayNotWriteTo(t *testing.T) {
	fact(t, "3.12d")
	needs(t, control, containers)
	a := newInstance(t, "a")
	user, err := docker("image", "inspect", "--format", "{{.Config.User}}", a.place.(*container).image)
	require.NoError(t, err)
	require.Contains(t, []string{"101:103", "memgraph"}, user)
	a.place.(*container).at = "/elsewhere" // the engine makes it, and it is root's
	a.launch()
	life := a.life
	a.ends(patience)
	require.Equal(t, 139, life.code)
}
