package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// E.13: a registration that failed is made again, one that did not is not.
func TestReplicaIsRegisteredUntilTheMainHasItAsItIs(t *testing.T) {
	for name, c := range map[string]struct {
		row  func(*topology.Replica)
		does topology.Action
	}{
		"it is a phantom":     {func(r *topology.Replica) { r.Status = topology.StatusPhantom }, topology.ActRegister},
		"its address changed": {func(r *topology.Replica) { r.Address = "elsewhere:10000" }, topology.ActRegister},
		"it is not listed":    {func(r *topology.Replica) { r.Name = "x" }, topology.ActRegister},
		"it is SYNC":          {func(r *topology.Replica) { r.Mode = topology.Sync }, topology.ActRegister},
		"it catches up":       {func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -900 }, topology.ActWait},
		"it is as it should":  {func(*topology.Replica) {}, topology.ActWait},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.row("c", c.row)
			step, reason := s.next()
			require.Equal(t, c.does, step.Do, reason)
			if c.does == topology.ActRegister {
				require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}, step)
			}
		})
	}
}

// E.14: one that stays invalid although it may follow is registered anew once;
// E.27: one that turns out to be somebody else is set aside.
func TestReplicaThatStaysInvalidIsRegisteredAnewOnce(t *testing.T) {
	s := newScene()
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, -3000 })
	s.change("c", func(i *topology.Instance) { i.Joined = 0 })
	step, _ := s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}, step)
	s.change("c", func(i *topology.Instance) { i.Joined = 3 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.change("c", func(i *topology.Instance) { i.Database = "foreign" })
	step, _ = s.next()
	require.Equal(t, "it holds another database", step.Record.Members["c"].Quarantined.Reason)
}

// E.30
func TestNewMainGetsItsUsersBeforeAnythingElse(t *testing.T) {
	s := newScene()
	s.policy.Users = true
	s.succeedTo("b")
	step, _ := s.next()
	require.Equal(t, topology.Step{Do: topology.ActEnsureUser, Instance: "b"}, step)
	s.change("b", func(i *topology.Instance) { i.Users = true })
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "b", Target: "c", Mode: topology.StrictSync}, step)
}

// Found by chaos on kind; see TestMainThatHasMoreThanItsHeirIsMainAgain. With two
// instances nobody else could vote, with three the third had that write too.
func TestMainKilledBeforeTheVotersDecisionIsMainAgainWithWhatItHas(t *testing.T) {
	for _, n := range []int{2, 3} {
		w := begin(t, n)
		a := w.databases["a"]
		a.kill()
		more := txn{ts: a.ldt() + 2, epoch: a.epoch, id: w.writeID()}
		a.append(more)
		if c := w.databases["c"]; c != nil {
			c.append(more)
		}
		require.True(t, w.runUntil(3*time.Second, func() bool { return w.record.Heir == "b" }), w.reason())
		a.start(w.startDelay)
		require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Main == "a" }), w.reason())
		healed(t, w)
		for name, d := range w.databases {
			require.True(t, d.written[more.id], "%s lacks it", name)
		}
	}
}
