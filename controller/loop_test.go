package controller

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

func TestLoopMakesAClusterOfEmptyInstances(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		record := r.open()
		require.Equal(t, "a", record.Main)
		synctest.Wait()
		status := r.Status()
		require.Equal(t, []string{"a:7687"}, status.Routing.Write)
		require.ElementsMatch(t, []string{"b:7687", "c:7687"}, status.Routing.Read)
	})
}

func TestLoopFailsOverWhenTheMainDies(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Main)
		after := r.until("another main", func(record topology.Record) bool { return record.Main == before.Voter })
		require.Greater(t, after.Epoch, before.Epoch)
		require.NotEqual(t, before.Main, after.Voter)
		time.Sleep(firstWriteWithin + time.Second)
		synctest.Wait()
		failovers := r.Failovers()
		f := failovers[len(failovers)-1]
		require.Equal(t, api.KindFailover, f.Kind)
		require.Equal(t, "dead", f.Reason)
		require.NotEmpty(t, f.Evidence)
	})
}

func TestLoopReseedsAReplicaThatFailsToStart(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		r.fleet.change("c", func(d *fakeDatabase) { d.process.Dead, d.process.Failures = true, 3 })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Empty(t, r.fleet.restarted, "the first of them had answered: somebody killed it")
		r.fleet.change("c", func(d *fakeDatabase) { d.process.Failures = 4 })
		r.until("c is back", func(record topology.Record) bool { return record.Reason == "c was reseeded and is back" })
		require.Equal(t, []string{"c"}, r.fleet.restarted)
	})
}

// The orchestrator's watch tells of the new process a second late, and it is at
// another address than the one that was dead.
func TestLoopReseedsAReplicaOnceThatComesBackElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		r.fleet.change("c", func(d *fakeDatabase) { d.process.Dead, d.process.Failures = true, 4 })
		r.until("c is back", func(record topology.Record) bool { return record.Reason == "c was reseeded and is back" })
		require.Equal(t, []string{"c"}, r.fleet.restarted)
	}, func(c *Config) { c.Fleet = moving{c.Fleet.(*fleet)} })
}

// moving is a fleet whose reseeded instances change their address.
type moving struct{ *fleet }

func (m moving) Reseed(_ context.Context, name, _ string) error {
	time.AfterFunc(time.Second, func() { m.change(name, func(*fakeDatabase) {}) })
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.databases[name]
	d.process.Bolt = "another." + d.process.Bolt
	d.restart()
	return nil
}

// On Kubernetes the old process ends seconds after the order, and the next one needs
// as long to start. Chaos on kind saw fifty orders meanwhile.
func TestLoopReseedsAReplicaOnceWhoseProcessTakesItsTime(t *testing.T) {
	lazy := &leisurely{}
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		r.fleet.change("c", func(d *fakeDatabase) { d.process.Dead, d.process.Failures = true, 4 })
		r.until("c is back", func(record topology.Record) bool { return record.Reason == "c was reseeded and is back" })
		require.Equal(t, 1, lazy.orders)
	}, func(c *Config) { lazy.fleet = c.Fleet.(*fleet); c.Fleet = lazy })
}

// leisurely is a fleet that carries out the order to reseed two seconds later.
type leisurely struct {
	*fleet
	orders int
}

func (l *leisurely) Reseed(_ context.Context, name, _ string) error {
	l.orders++
	time.AfterFunc(2*time.Second, func() { l.change(name, (*fakeDatabase).restart) })
	return nil
}

func TestSilenceTakesItsTime(t *testing.T) {
	d := BalancedDetection()
	for phase := time.Duration(0); phase < calm*d.ProbeInterval; phase += 50 * time.Millisecond {
		t.Run(phase.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r running) {
				before := r.open()
				time.Sleep(5*time.Second + phase)
				begin := time.Now()
				r.fleet.change(before.Main, func(d *fakeDatabase) { d.silent = true })
				r.until("another main", func(record topology.Record) bool { return record.Main == before.Voter })
				require.GreaterOrEqual(t, time.Since(begin), d.SilenceAfter)
				require.LessOrEqual(t, time.Since(begin), d.SilenceAfter+calm*d.ProbeInterval+tick)
			})
		})
	}
}

func TestWhoDoesNotLeadDoesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		calls := len(r.fleet.called())
		r.lease.set(time.Time{})
		r.fleet.kill(before.Main)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, before, r.store.current())
		require.Len(t, r.fleet.called(), calls)
		_, err := r.Switchover(t.Context(), api.SwitchoverRequest{})
		require.ErrorContains(t, err, "does not lead")
	})
}

func TestNoStepOutlivesTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		until := time.Now().Add(time.Second)
		r.lease.set(until)
		r.fleet.kill(before.Main)
		r.until("a failover", func(record topology.Record) bool { return record.Main == before.Voter })
		deadline := r.fleet.databases[before.Voter].deadlines["promote"]
		require.False(t, deadline.After(until.Add(-leaseMargin)), "the promotion may run until %s, the lease until %s", deadline, until)
	})
}

func TestRecordThatCannotBeReadDecidesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.store.setBroken(errRefused)
		time.Sleep(2 * reloadEvery)
		r.fleet.kill(before.Main)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, before, r.store.current())
		require.Contains(t, r.Ready()[0].Reason, errRefused.Error())
		require.True(t, r.Ready()[0].OK, "it serves on")
		require.Equal(t, gateway.Open, r.config.Write.Status().Flow, "the data path does not notice")
		r.store.setBroken(nil)
		r.until("the failover", func(record topology.Record) bool { return record.Main == before.Voter })
	})
}

func TestRecordThatSomebodyElseWroteIsReadAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.store.edit(func(record *topology.Record) { record.Epoch += 10; record.Reason = "edited" })
		r.fleet.kill(before.Main)
		after := r.until("the failover", func(record topology.Record) bool { return record.Main == before.Voter })
		require.Greater(t, after.Epoch, before.Epoch+10)
	})
}

func TestRecordThatWentBackIsNotBelieved(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		r.store.edit(func(record *topology.Record) { record.Epoch = 1; record.Main = "c" })
		time.Sleep(2 * reloadEvery)
		synctest.Wait()
		require.NotEqual(t, []string{"c:7687"}, r.Status().Routing.Write)
		require.Contains(t, r.Ready()[0].Reason, "an epoch never falls")
	})
}

func TestStepThatFailsIsTriedAgainAndExplained(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.change(before.Voter, func(d *fakeDatabase) { d.refuse["promote"] = errRefused })
		r.fleet.kill(before.Main)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Contains(t, r.Status().Routing.Decision.Reason, errRefused.Error())
		r.fleet.change(before.Voter, func(d *fakeDatabase) { delete(d.refuse, "promote") })
		r.until("the failover", func(record topology.Record) bool { return record.Main == before.Voter })
	})
}

// Its voter restarted while another replica was down, so that the database epoch could
// not be refreshed before the main was lost.
func TestMainThatRefusesEverybodyIsRestarted(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		third := r.third(before)
		r.fleet.kill(third)
		r.fleet.change(before.Voter, func(d *fakeDatabase) {
			d.process.ID = "new"
			for _, name := range r.fleet.order {
				d.refuse["register "+name+" at"] = memgraph.ErrDiverged
			}
		})
		r.until("the vote of the new process", func(record topology.Record) bool { return record.Members[before.Voter].Voted == "new" })
		r.fleet.kill(before.Main)
		r.until("the failover", func(record topology.Record) bool { return record.Heir == before.Voter })
		r.fleet.change(third, func(d *fakeDatabase) { d.process.ID, d.process.Dead = "new", false })
		r.until("its end", func(record topology.Record) bool { return record.Main == before.Voter })
		require.Equal(t, []string{before.Voter}, r.fleet.restarted)
	})
}

// A new controller knows from the record who is main, and nothing of what became
// of it.
func TestNewControllerSendsNobodyToAMainThatItHasNotSeen(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.lease.set(time.Time{}) // nobody acts
		r.fleet.change(before.Main, func(d *fakeDatabase) { d.uuid, d.process.ID = "another", "new" })
		c, err := New(Config{
			Name: "new", Fleet: r.fleet.share(), Store: r.store, Lease: &lease{}, Policy: topology.DefaultPolicy(),
			Connect: func(p Process) (Database, error) { return r.fleet.databases[p.Name], nil },
			Write:   quietGateway("rw"), Read: quietGateway("ro"),
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Empty(t, c.Status().Routing.Write, "it came back with other data")
		r.fleet.change(before.Main, func(d *fakeDatabase) { d.uuid, d.process.ID = before.Database, "newer" })
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, []string{before.Main + ":7687"}, c.Status().Routing.Write)
		cancel()
		require.NoError(t, <-done)
	})
}

func TestUsersAreCreatedBeforeTheGateOpens(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Main)
		r.until("the failover", func(record topology.Record) bool { return record.Main == before.Voter })
		require.Equal(t, []string{"u"}, r.fleet.databases[before.Voter].users)
	}, func(c *Config) { c.User = "u" })
}

func TestSwitchoverByRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		accepted, err := r.Switchover(t.Context(), api.SwitchoverRequest{By: "test"})
		require.NoError(t, err)
		r.until("the switchover", func(record topology.Record) bool { return record.Main == before.Voter })
		time.Sleep(firstWriteWithin + time.Second)
		synctest.Wait()
		failovers := r.Failovers()
		require.Equal(t, accepted.ID, failovers[len(failovers)-1].ID)
	})
}

func TestRequestsThatMakeNoSenseAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		record := r.open()
		third := "c"
		if record.Voter == "c" {
			third = "b"
		}
		for name, c := range map[string]struct {
			ask  func(context.Context) error
			says string
		}{
			"unknown target": {func(ctx context.Context) error {
				_, err := r.Switchover(ctx, api.SwitchoverRequest{Target: "x"})
				return err
			}, `"x"`},
			"the main itself": {func(ctx context.Context) error {
				_, err := r.Switchover(ctx, api.SwitchoverRequest{Target: record.Main})
				return err
			}, "is the main already"},
			"failover of a live one": {func(ctx context.Context) error { _, err := r.Failover(ctx, api.FailoverRequest{}); return err }, "answers"},
			"a lossy failover": {func(ctx context.Context) error {
				_, err := r.Failover(ctx, api.FailoverRequest{Target: third, Force: true})
				return err
			}, "may lack"},
			"processes elsewhere": {func(ctx context.Context) error {
				return r.Instance(ctx, api.InstanceAction{Instance: "a", Do: api.ActionKill})
			}, "only in local mode"},
		} {
			require.ErrorContains(t, c.ask(t.Context()), c.says, name)
		}
		require.Equal(t, record, r.store.current())
	})
}

func TestPauseStopsAutomaticActions(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		_, err := r.Pause(t.Context(), api.PauseRequest{For: api.Period(time.Minute), By: "test"})
		require.NoError(t, err)
		r.fleet.kill(before.Main)
		time.Sleep(50 * time.Second)
		synctest.Wait()
		require.Equal(t, before.Main, r.store.current().Main)
		require.NotNil(t, r.Status().Paused)
		r.until("the failover after the pause", func(record topology.Record) bool { return record.Main == before.Voter })
	})
}
