package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// Whoever asked for something that is refused is told what to look at.
func TestRefusedSwitchoverSaysWhatIsWrongWithItsTarget(t *testing.T) {
	for why, spoil := range map[string]func(*scene){
		"c is not fit to be main: it does not answer": func(s *scene) { s.lose("c", topology.HealthSuspect) },
		"c is not fit to be main: it is not a replica": func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.Answer.Role = topology.RoleMain })
		},
		"c is not fit to be main: it is being stopped": func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.Terminating = true })
		},
		"c is not fit to be main: it is quarantined": func(s *scene) {
			s.record.Members["c"] = topology.Member{Quarantined: &topology.Quarantine{Reason: "diverged"}}
		},
		"c is not fit to be main: its data have diverged": func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.Refused = 3 })
		},
		"c is not fit to be main: it holds other data": func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.Database = "foreign" })
		},
		"c is ahead of a, which has lost something": func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Behind = 1 })
		},
		"c is the main": func(s *scene) { s.record.Main, s.record.Voter = "c", "b" },
		"d is not fit to be main: it does not answer":   func(s *scene) { s.record.Request.Target = "d" },
		"there is no voter to take over; name a target": func(s *scene) { s.record.Voter, s.record.Request.Target = "", "" },
	} {
		t.Run(why, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, "c", false)
			spoil(s)
			// A pause of the controller keeps everything else from being done.
			s.record.Pause = &topology.Pause{Until: noon.Add(time.Hour), By: "ann"}
			step, reason := s.next()
			require.Equal(t, "switchover refused: "+why, reason)
			require.Nil(t, step.Record.Request)
			require.Equal(t, topology.GateOpen, step.Record.Gate)
			require.Equal(t, s.record.Epoch, step.Record.Epoch, "no gateway has to do anything")
		})
	}
}

// What a person reads on the status page while nothing is done.
func TestWhatIsWaitedForIsSaid(t *testing.T) {
	for says, change := range map[string]func(*scene){
		"main a is suspect: not enough evidence to act": func(s *scene) {
			s.restart("a") // a switchover can wait until it answers
			s.lose("a", topology.HealthSuspect)
		},
		"main a is up: not enough evidence to act": func(s *scene) {
			s.change("a", func(i *topology.Instance) { i.Answer = topology.Answer{} }) // a step changed it a moment ago
		},
		"voter b is suspect: not enough evidence to act": func(s *scene) { s.lose("b", topology.HealthSuspect) },
		"a takes writes without a voter: its loss would lose what no replica has received": func(s *scene) {
			s.record.Voter = ""
			s.lose("b", topology.HealthSuspect)
			s.lose("c", topology.HealthSuspect)
		},
		"a takes writes, b votes; c is not in sync yet": func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
		},
		"a takes writes, b votes; d is not in sync yet": func(s *scene) {
			s.view.Instances["d"] = topology.Instance{Name: "d", Health: topology.HealthDead}
		},
		"a takes writes; the switchover that ann asked for waits: b lags too far behind a": func(s *scene) {
			s.ask(topology.RequestSwitchover, "", false)
			s.row("b", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
			s.change("b", func(i *topology.Instance) { i.Started = noon })
		},
		"a takes writes; the switchover that ann asked for waits: c is not registered at a": func(s *scene) {
			s.ask(topology.RequestSwitchover, "c", false)
			s.row("c", func(r *topology.Replica) { r.Name = "x" })
			s.change("c", func(i *topology.Instance) { i.Moving = true })
		},
		"a takes writes; the switchover that ann asked for waits: c would refuse the others: it needs a new database epoch": func(s *scene) {
			s.ask(topology.RequestSwitchover, "c", false)
			s.restart("c")
			s.row("b", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
			s.change("b", func(i *topology.Instance) { i.Started = noon })
		},
		"voter b does not answer and no other replica can vote: a refuses writes until it returns": func(s *scene) {
			s.lose("b", topology.HealthDead)
			s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
		},
		"paused by ann until 13:00:00Z: nothing is done by itself": func(s *scene) {
			s.lose("a", topology.HealthDead)
			s.record.Pause = &topology.Pause{Until: noon.Add(time.Hour), By: "ann"}
		},
	} {
		t.Run(says, func(t *testing.T) {
			s := newScene()
			change(s)
			step, reason := s.next()
			require.Equal(t, says, reason)
			require.Equal(t, topology.Step{Do: topology.ActWait}, step)
		})
	}
}
