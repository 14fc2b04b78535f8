package controller

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

func TestInstancesAreAskedLessWhileAllIsWell(t *testing.T) {
	o := &observer{detection: BalancedDetection(), now: time.Now, well: new(atomic.Bool)}
	every := o.detection.ProbeInterval
	require.Equal(t, every, o.interval())
	o.well.Store(true)
	require.Equal(t, calm*every, o.interval())
	o.seen.probe.Failures = 1
	require.Equal(t, every, o.interval(), "the loop does not know yet")
}

// Nobody waits any more when all is well, long before the time to hurry is over.
func TestInstancesAreAskedAsOftenAsCanBeUntilAllIsWell(t *testing.T) {
	one := &watched{observer: &observer{detection: BalancedDetection(), now: time.Now, poke: make(chan struct{}, 1)}}
	all := &observers{all: map[string]*watched{"a": one}}
	one.well = &all.well
	all.well.Store(true)
	all.hurryUntil(time.Now().Add(time.Hour))
	require.Equal(t, hurried, one.interval(), "the loop has not looked again")
	all.well.Store(true)
	require.Equal(t, calm*one.detection.ProbeInterval, one.interval())
}

// A question that comes a twentieth of the time late that clients have waited for makes
// no outage more than 5 % longer.
func TestInstancesAreAskedLessOftenTheLongerClientsHaveWaited(t *testing.T) {
	now := time.Now()
	one := &watched{observer: &observer{detection: BalancedDetection(), now: func() time.Time { return now }, poke: make(chan struct{}, 1)}}
	all := &observers{all: map[string]*watched{"a": one}}
	one.well = &all.well
	hurry := func() { all.hurryUntil(now.Add(hurryFor)) }
	hurry()
	require.Equal(t, hurried, one.interval())
	now = now.Add(time.Second)
	hurry() // for the next step
	require.Equal(t, 50*time.Millisecond, one.interval())
	now = now.Add(3 * time.Second)
	require.Equal(t, hurrying, one.interval())
	all.well.Store(true)
	hurry()
	require.Equal(t, hurried, one.interval(), "all was well between")
}

// What the others see of an instance is needed at once when it does not answer.
func TestPeersAreAskedLessWhileAllIsWellAndAtOnceWhenItIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		asked := new(atomic.Int32)
		p := &peers{
			self: "c0", source: fixedPeers{{Name: "c0", Address: "c0"}, {Name: "c1", Address: "c1"}},
			ask: func(context.Context, Peer) (api.Report, error) { asked.Add(1); return api.Report{}, nil },
			now: time.Now, log: slog.New(slog.DiscardHandler), changed: func() {}, answered: func() {},
			poke: make(chan struct{}, 1), all: map[string]*peer{},
		}
		during := func(d time.Duration) int32 {
			before := asked.Load()
			time.Sleep(d)
			synctest.Wait()
			return asked.Load() - before
		}
		p.calmUntil(time.Now().Add(8 * time.Second))
		go p.run(ctx)
		synctest.Wait()
		require.EqualValues(t, 1, asked.Load())
		require.EqualValues(t, 8*time.Second/peerCalm, during(8*time.Second))
		require.EqualValues(t, 8*time.Second/peerInterval, during(8*time.Second), "nobody said that all is well")
		p.calmUntil(time.Now().Add(time.Minute))
		during(peerCalm / 4)
		p.hurryUntil(time.Now().Add(time.Second))
		require.EqualValues(t, 1, during(0), "it is asked at once")
		require.EqualValues(t, time.Second/peerHurried, during(time.Second))
		cancel()
	})
}

// fixedPeers never change.
type fixedPeers []Peer

func (f fixedPeers) List() []Peer                { return f }
func (fixedPeers) Refresh(context.Context) error { return nil }

func TestReadsHaveMoreTimeToEndBeforeAPlannedChangeThanBeforeAFailover(t *testing.T) {
	limit := func(plan topology.Plan) time.Duration {
		c := &Controller{record: topology.Record{Epoch: 1, Plan: plan}}
		return c.readRoute(topology.View{}).LeaveWithin
	}
	for _, plan := range []topology.Plan{topology.PlanNone, topology.PlanSwitchover, topology.PlanRefresh, topology.PlanVoter} {
		require.Equal(t, plannedReadDrain, limit(plan), plan)
	}
	for _, plan := range []topology.Plan{topology.PlanFailover, topology.PlanHandover, topology.PlanReturn} {
		require.Zero(t, limit(plan), "%s waits for what the gateway is configured with", plan)
	}
}

// In a refresh the voter is not registered for a moment: a write that goes on would be
// acknowledged without it. Where only the voter changes the record names none for so
// long, so a long statement may go on.
func TestPauseCutsWhatDoesNotFallQuietWhereAWriteWouldBypassTheVoter(t *testing.T) {
	for plan, cut := range map[topology.Plan]bool{topology.PlanSwitchover: true, topology.PlanRefresh: true, topology.PlanVoter: false} {
		c := &Controller{record: topology.Record{Epoch: 1, Gate: topology.GatePaused, Plan: plan, From: "a"}}
		require.Equal(t, cut, c.writeRoute(topology.View{}).CutBusy, plan)
	}
}

func TestDeadVoterIsDroppedWhereItsAddressRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Voter)
		r.until("another voter", func(record topology.Record) bool {
			return record.Gate == topology.GateOpen && record.Voter != "" && record.Voter != before.Voter
		})
		require.Contains(t, r.fleet.called(), "drop "+before.Voter+" at "+before.Main)
	})
}

// The address of a pod that is gone swallows packets, and DROP would kill the main.
func TestDeadVoterIsNotDroppedWhereItsAddressIsSilent(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.change(before.Voter, func(d *fakeDatabase) { d.process.Dead, d.silent = true, true })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.NotContains(t, r.fleet.called(), "drop "+before.Voter+" at "+before.Main)
	})
}

// The leader before may have done its last step after the others were last asked.
func TestNewLeaderDoesNothingOnWhatItSawBefore(t *testing.T) {
	began := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	c := &Controller{config: Config{Detection: BalancedDetection()}, ledSince: began}
	sees := func(asked time.Time, health topology.Health) bool {
		view := topology.View{Instances: map[string]topology.Instance{"a": {Health: health, Answer: topology.Answer{Asked: asked}}}}
		return c.sawSince(view, began.Add(10*time.Millisecond))
	}
	require.False(t, sees(began.Add(-time.Millisecond), topology.HealthUp))
	require.True(t, sees(began.Add(time.Millisecond), topology.HealthUp))
	require.True(t, sees(began.Add(-time.Millisecond), topology.HealthDead), "a lost one is not waited for")
	require.True(t, sees(time.Time{}, topology.HealthUp), "nothing is built on one that did not answer")
}

// What it did when it led last may have been undone since.
func TestControllerThatLeadsAgainKnowsNothingOfWhatItDid(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.lease.set(time.Time{})
		time.Sleep(time.Second)
		r.store.edit(func(record *topology.Record) { record.Reason = "somebody else wrote this" })
		r.lease.set(time.Now().Add(time.Hour))
		time.Sleep(time.Second)
		synctest.Wait()
		var known deeds
		var reason string
		require.NoError(t, r.command(t.Context(), func() error { known, reason = r.deeds, r.record.Reason; return nil }))
		require.Empty(t, known)
		require.Equal(t, "somebody else wrote this", reason)
		require.Equal(t, before.Epoch, r.store.current().Epoch)
	})
}

// A row of the main that says invalid may be one that the main cannot reach: the core
// waits a minute, so it has to be told since when.
func TestLoopTellsSinceWhenAReplicaIsInvalid(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		record := r.open()
		third := theThird(record)
		since := func(status topology.Status) (at time.Time) {
			r.fleet.change(record.Main, func(d *fakeDatabase) {
				row := slices.IndexFunc(d.replicas, func(r topology.Replica) bool { return r.Name == third })
				d.replicas[row].Status = status
			})
			time.Sleep(5 * time.Second)
			synctest.Wait()
			require.NoError(t, r.command(t.Context(), func() error { at = r.look(time.Now()).Instances[third].InvalidSince; return nil }))
			return at
		}
		require.Zero(t, since(topology.StatusReady))
		noticed := calm * BalancedDetection().ProbeInterval
		began := time.Now()
		first := since(topology.StatusInvalid)
		require.WithinRange(t, first, began, began.Add(noticed))
		require.Equal(t, first, since(topology.StatusInvalid), "it was nothing else between")
		require.Zero(t, since(topology.StatusReplicating))
		require.WithinRange(t, since(topology.StatusInvalid), first.Add(15*time.Second), first.Add(15*time.Second+noticed))
	})
}

func TestLoopKnowsSinceWhenAReplicaGetsNoFurther(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		record := r.open()
		third := theThird(record)
		since := func(ts, behind int64) (at time.Time) {
			r.fleet.change(record.Main, func(d *fakeDatabase) {
				row := slices.IndexFunc(d.replicas, func(r topology.Replica) bool { return r.Name == third })
				d.replicas[row].TS, d.replicas[row].Behind = ts, behind
			})
			time.Sleep(5 * time.Second)
			synctest.Wait()
			require.NoError(t, r.command(t.Context(), func() error { at = r.look(time.Now()).Instances[third].StuckSince; return nil }))
			return at
		}
		require.Zero(t, since(40, 0))
		noticed := calm * BalancedDetection().ProbeInterval
		began := time.Now()
		first := since(40, -2)
		require.WithinRange(t, first, began, began.Add(noticed))
		require.Equal(t, first, since(40, -9), "its main goes on")
		require.WithinRange(t, since(42, -7), first.Add(10*time.Second), first.Add(10*time.Second+noticed))
		require.Zero(t, since(49, 0))
	})
}

// An answer from before the lease may not show the last step of the leader before: the
// row that it lacks would be registered a second time.
func TestNewLeaderWaitsForAnswersThatAreNewerThanItsLease(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		third := theThird(before)
		r.lease.set(time.Time{})
		time.Sleep(time.Second)
		var row topology.Replica
		r.fleet.change(before.Main, func(d *fakeDatabase) {
			row = d.replicas[slices.IndexFunc(d.replicas, func(r topology.Replica) bool { return r.Name == third })]
			d.drop(third)
		})
		time.Sleep(5 * time.Second) // everybody has seen that it is not registered
		calls := len(r.fleet.called())
		r.fleet.change(before.Main, func(d *fakeDatabase) {
			d.slow["ask"] = BalancedDetection().ProbeTimeout * 9 / 10
			d.replicas = append(d.replicas, row) // as the leader before does, in its last moment
		})
		r.lease.set(time.Now().Add(time.Hour))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Len(t, r.fleet.called(), calls)
	})
}

// What the leader before saved in its last moment may still be on its way.
func TestNewLeaderWritesTheRecordBeforeItsFirstStatement(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		third := theThird(before)
		r.lease.set(time.Time{})
		time.Sleep(time.Second)
		r.fleet.change(before.Main, func(d *fakeDatabase) { d.drop(third) })
		saved, calls := len(r.store.saved), len(r.fleet.called())
		r.fleet.change(before.Main, func(d *fakeDatabase) {
			d.slow["register "+third+" at"] = time.Second // so that it is seen when it begins
		})
		r.lease.set(time.Now().Add(time.Hour))
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		require.Len(t, r.fleet.called(), calls, "the registration is under way")
		require.Len(t, r.store.saved, saved+1)
		require.Equal(t, before.Epoch, r.store.current().Epoch)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, "register "+third+" at "+before.Main, r.fleet.called()[calls])
	})
}

// theThird of a, b and c is the one that is neither main nor voter.
func theThird(record topology.Record) string {
	return strings.NewReplacer(record.Main, "", record.Voter, "").Replace("abc")
}
