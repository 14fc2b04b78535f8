package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// succeeding is a scene without a main: b is the heir of a and not yet promoted,
// and c voted before.
func succeeding() *scene {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "b", "a", "c"
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
	s.change("a", func(i *topology.Instance) { i.Answer.Role, i.Answer.Replicas = topology.RoleReplica, nil })
	return s
}

// E.8, E.22: the heir, the old main and the old voter hold every acknowledged
// write, and are tried in this order. One that is only out of reach holds it
// still; one whose data are gone does not.
func TestHeirIsReplacedByOneWhoHoldsEveryWriteToo(t *testing.T) {
	for name, c := range map[string]struct {
		change            func(*scene)
		heir, from, voter string
		says              string
	}{
		"the heir is dead": {
			func(s *scene) { s.lose("b", topology.HealthDead) }, "a", "c", "b", "b does not answer"},
		"the heir is silent, and so is the old main": {
			func(s *scene) { s.lose("b", topology.HealthSilent); s.lose("a", topology.HealthSilent) }, "c", "a", "b", "b does not answer"},
		"the heir came back without its data": {
			func(s *scene) { s.change("b", func(i *topology.Instance) { i.Database, i.Empty = "new", true }) },
			"a", "c", "", "b came back without its data"},
		"the heir restarted": {
			func(s *scene) { s.setVoted("b/1"); s.restart("b") }, "a", "c", "", "b restarted and may lack the last acknowledged write"},
		"the old main lost its data": {
			func(s *scene) {
				s.lose("b", topology.HealthDead)
				s.change("a", func(i *topology.Instance) { i.Database = "new" })
			}, "c", "a", "b", ""},
		"there was no voter": {
			func(s *scene) { s.lose("b", topology.HealthDead); s.record.Voter = "" }, "a", "b", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := succeeding()
			c.change(s)
			step, reason := s.next()
			r := step.Record
			require.Equal(t, []string{c.heir, c.from, c.voter}, []string{r.Heir, r.From, r.Voter}, reason)
			require.Contains(t, reason, c.says)
			require.Equal(t, topology.PlanFailover, r.Plan)
			require.Equal(t, topology.GateClosed, r.Gate)
			require.EqualValues(t, 4, r.Reign)
			require.Equal(t, topology.Member{Process: c.heir + "/1", Reign: 4}, r.Members[c.heir])
		})
	}
}

func TestHeirThatMayHoldItsDataIsNotReplaced(t *testing.T) {
	for says, change := range map[string]func(*scene){
		"waiting to learn whether b still holds its data": func(s *scene) {
			s.restart("b")
			s.change("b", func(i *topology.Instance) { i.StorageKnown = false })
		},
		"waiting for an answer of b, which is to be main": func(s *scene) { s.lose("b", topology.HealthSuspect) },
	} {
		t.Run(says, func(t *testing.T) {
			s := succeeding()
			change(s)
			step, reason := s.next()
			require.Equal(t, topology.Step{Do: topology.ActWait}, step)
			require.Equal(t, says, reason)
		})
	}
}

// E.8: who is named is worth a start; whoever else answers is not named.
func TestNobodyIsPromotedWhoMayLackAWrite(t *testing.T) {
	s := succeeding()
	s.record.Voter = ""
	s.lose("a", topology.HealthDead)
	s.lose("b", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Contains(t, reason, "b does not answer, nor does anybody else answer who holds every acknowledged write (b, a): start one of them")
}

// E.7, E.8: the old voter may lack the last write since it restarted.
func TestVoterOfBeforeThatRestartedDoesNotStandInForTheHeir(t *testing.T) {
	s := succeeding()
	s.record.Members["c"] = topology.Member{Process: "c/1", Reign: 3, Voted: "c/0"}
	s.lose("a", topology.HealthDead)
	s.lose("b", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Contains(t, reason, "every acknowledged write (b, a)")
}

// Only a failover gives writes up.
func TestForceMakesNoFailoverOfASwitchover(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "c", true)
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step, reason)
}

// A failover without force can do nothing that is not under way already.
func TestFailoverThatIsAskedForDuringAnotherIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		force  bool
	}{
		"without force":                 {"c", false},
		"by force, to whoever comes":    {"b", true},
		"by force, to one that is gone": {"d", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := succeeding()
			s.ask(topology.RequestFailover, c.target, c.force)
			step, reason := s.next()
			require.Nil(t, step.Record.Request, reason)
			require.Equal(t, "b", step.Record.Heir)
			require.Contains(t, reason, "failover refused: b is on its way to be main")
		})
	}
	s := succeeding()
	s.ask(topology.RequestSwitchover, "c", false)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActPromote, Instance: "b"}, step, "a switchover is for later: %s", reason)
}

func TestForcedFailoverToTheMainChangesNothing(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestFailover, "a", true)
	step, reason := s.next()
	require.Equal(t, "failover refused: a is the main", reason)
	require.Equal(t, "a", step.Record.Main)
}

func TestForcedFailoverIsAFailoverWhoseDataCountAsTheyAre(t *testing.T) {
	s := voted()
	s.restart("b")
	s.ask(topology.RequestFailover, "b", true)
	step, _ := s.next()
	require.Equal(t, "b", step.Record.Heir)
	require.Equal(t, topology.PlanFailover, step.Record.Plan)
	require.Equal(t, topology.GateClosed, step.Record.Gate)
	require.Empty(t, step.Record.Members["b"].Voted)
}

// Whom it refuses a person has given up: the old main is not turned back to.
func TestForcedFailoverIsNotTurnedBack(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestFailover, "c", true)
	step, reason := s.next()
	require.Equal(t, "c", step.Record.Heir, reason)
	require.False(t, step.Record.Members["c"].Sound)
	require.True(t, step.Record.Members["b"].Sound)
}

// E.15: what the old main lacks decides; the one that has more counts as it is.
func TestReplicaThatHasMoreThanTheReturningMainTakesItsPlaceInANewReign(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "b", ""
	s.record.Gate, s.record.Plan = topology.GatePaused, topology.PlanRefresh
	s.record.Since = noon
	s.change("a", func(i *topology.Instance) { i.Crowned = 0 })
	s.row("c", func(r *topology.Replica) { r.Behind = 6 })
	step, reason := s.next()
	r := step.Record
	require.Equal(t, "c", r.Heir, reason)
	require.Equal(t, "b", r.From, "it may still stand in")
	require.Equal(t, topology.GateClosed, r.Gate)
	require.Equal(t, topology.PlanFailover, r.Plan)
	require.Equal(t, topology.Member{Process: "c/1", Reign: 4, Voted: "c/1"}, r.Members["c"])
}

// A process that ran when clients could still write outlived nothing.
func TestVoterOutlivesAMainOnlyWhenAllGatewaysHaveClosed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		want   bool
	}{
		"asked since":              {func(*scene) {}, true},
		"there is a main":          {func(s *scene) { s.record.Main = "a" }, false},
		"a gateway may let writes": {func(s *scene) { s.view.Gateways["g2"] = topology.Gateway{Name: "g2", Epoch: 8} }, false},
		"it is another process":    {func(s *scene) { s.restart("b") }, false},
		"it does not answer":       {func(s *scene) { s.lose("b", topology.HealthSilent) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := voted()
			s.record.Main, s.record.Heir, s.record.From = "", "b", "a"
			s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: 9, At: noon.Add(-time.Second)}
			c.change(s)
			require.Equal(t, c.want, topology.Outlived(s.record, s.view, "b"))
		})
	}
}
