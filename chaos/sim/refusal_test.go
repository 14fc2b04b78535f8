package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

// While nobody runs who is known to hold every acknowledged write, the cluster
// stays as it is and says who has to be started.
func TestNobodyElseIsPromotedWhileMainAndVoterAreGone(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(s *scene)
		start []part // whom the reason has to name
		heal  []part
	}{
		"main and voter die": {
			func(s *scene) { s.kill(main, voter) },
			[]part{main, voter}, []part{voter, main},
		},
		"voter and main die": {
			func(s *scene) { s.kill(voter, main) },
			[]part{main, voter}, []part{main, voter},
		},
		"both die while there is no controller": {
			func(s *scene) { s.kill(controller, voter, main); s.start(controller) },
			[]part{main, voter}, []part{main, voter},
		},
		// Its process may have died between its vote and the decision.
		"the voter returns, and nobody knows who died first": {
			func(s *scene) {
				s.kill(controller, voter, main)
				s.start(voter, controller)
			},
			[]part{main}, []part{main},
		},
		"the voter restarts, and the main dies before it voted again": {
			func(s *scene) {
				s.kill(controller, voter)
				s.start(voter)
				s.kill(main)
				s.start(controller)
			},
			[]part{main}, []part{main},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, sim.Options{Seed: 1}, func(t *testing.T, cluster *sim.Cluster) {
				s := newScene(t, cluster)
				load := s.Load(writers, writeEvery)
				s.awaitWrites(load)
				c.fault(s)
				before := load.History().Acknowledged()
				var named []string
				for _, p := range c.start {
					named = append(named, s.names[p])
				}
				for range 10 {
					time.Sleep(long)
					s.refuses(named...)
					require.Empty(t, s.Mains())
				}
				require.Equal(t, before, load.History().Acknowledged())
				s.start(c.heal...)
				s.Whole(wholeWithin)
				s.awaitWrites(load)
				s.RequireNothingLost(load.Stop())
			})
		})
	}
}

// A replica that lags gets the vote when it has caught up, and not before: the
// main that dies meanwhile is waited for.
func TestReplicaThatLagsIsNeitherVoterNorMain(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		load := s.Load(writers, writeEvery)
		s.lag(load)
		s.kill(voter)
		time.Sleep(long)
		require.Empty(t, s.Record().Voter)
		s.kill(main)
		s.Afflict(s.names[third], standin.FaultSet{})
		time.Sleep(long)
		s.refuses(s.names[main])
		require.Empty(t, s.Mains())
		s.start(main, voter)
		s.Whole(wholeWithin)
		s.awaitWrites(load)
		s.RequireNothingLost(load.Stop())
		s.keptTheRules()
	})
}

// lag lets the third miss some writes, because what the main sends it is lost.
func (s *scene) lag(load *sim.Load) {
	s.awaitWrites(load)
	s.Afflict(s.names[third], standin.FaultSet{Replication: standin.ReplicationFaults{Drop: true}})
	s.awaitWrites(load)
}

// force makes the third main after main and voter are gone, although it lacks the
// last writes. It returns what it held then.
func (s *scene) force(load *sim.Load) (held []int64) {
	s.lag(load)
	s.kill(main, voter)
	s.Afflict(s.names[third], standin.FaultSet{})
	time.Sleep(long)
	s.refuses(s.names[main], s.names[voter])
	held = s.IDs(s.names[third])
	request := api.FailoverRequest{Target: s.names[third], By: "ann"}
	_, err := s.API().Failover(s.t.Context(), request)
	require.ErrorContains(s.t, err, "may lack acknowledged writes")
	request.AcceptLoss = true
	_, err = s.API().Failover(s.t.Context(), request)
	require.NoError(s.t, err)
	s.Eventually("the third is main", time.Second, func() bool {
		mains := s.Mains()
		return len(mains) == 1 && mains[0] == s.names[third]
	})
	return held
}

// lossAccepted turns the acknowledged writes that the third did not hold into
// unknown ones, and requires that there were some.
func lossAccepted(t *testing.T, history workload.History, held []int64) workload.History {
	there := map[int64]bool{}
	for _, id := range held {
		there[id] = true
	}
	last := held[len(held)-1]
	lost := 0
	for n, w := range history.Writes {
		if w.Outcome == workload.Acknowledged && w.ID > last && !there[w.ID] {
			history.Writes[n].Outcome = workload.Unknown
			lost++
		}
	}
	require.Positive(t, lost, "void: the third had everything")
	return history
}

func TestForcedFailoverLosesOnlyWhatItsTargetDidNotHave(t *testing.T) {
	for name, comeBack := range map[string]func(s *scene){
		"the others are replaced by empty ones": func(s *scene) {
			s.LoseDisk(s.names[main])
			s.LoseDisk(s.names[voter])
			s.start(voter, main)
		},
		"the others return with what only they have": func(s *scene) { s.start(main, voter) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
				s := newScene(t, c)
				load := s.Load(writers, writeEvery)
				held := s.force(load)
				before := load.History()
				comeBack(s)
				s.Whole(wholeWithin)
				s.awaitWrites(load)
				after := load.Stop()
				lost := lossAccepted(t, before, held)
				copy(after.Writes, lost.Writes)
				s.RequireNothingLost(after)
				require.Equal(t, s.names[third], s.Record().Main)
				require.Equal(t, []int{1, 1}, []int{s.SetAside(s.names[main]), s.SetAside(s.names[voter])}, "their data are kept")
			})
		})
	}
}
