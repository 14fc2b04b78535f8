package kube

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/workload"
)

const (
	// takeover is how soon another controller leads after a crash, and how late
	// the suite may notice that.
	takeover = 3500*time.Millisecond + 4*poll
	// unnoticed is how much longer a session that nothing happened to may stand still
	// than one with the main itself does meanwhile. That one waits too: all clients of a
	// gateway that dies come back at once, and a pod that starts takes seconds of CPU
	// time. On two cores that somebody else used as well it stood still for 0.5 to 1.6 s,
	// and those through gateways, in the same moments, for 0.5 to 1.8 s.
	unnoticed = time.Second
	// allGoneGap is how long clients may wait for new controllers when there is
	// none left: their pods have to start.
	allGoneGap = time.Minute
	// silence is how soon a gateway that is cut off acknowledges nothing any more:
	// its isolation time of 1.5 s, and how late that is noticed.
	silence = 3 * time.Second
)

func TestKillOfTheLeader(t *testing.T) {
	scenario(t, "another controller leads, and sessions through the others go on", func(ctx context.Context, s *Scenario) {
		s.leaderLost(ctx, s.Rounds(10, 2), func(ctx context.Context, pod *corev1.Pod) error {
			process, err := fleet.Process(ctx, pod, fleet.Controller)
			if err != nil {
				return err
			}
			return process.Signal(ctx, "KILL")
		})
	})
}

func TestForcedDeletionOfTheLeader(t *testing.T) {
	scenario(t, "another controller leads, and sessions through the others go on", func(ctx context.Context, s *Scenario) {
		s.leaderLost(ctx, s.Rounds(10, 1), func(ctx context.Context, pod *corev1.Pod) error {
			return s.DeletePod(ctx, pod, fleet.ByForce())
		})
	})
}

// leaderLost loses the leader a number of times, in one way.
func (s *Scenario) leaderLost(ctx context.Context, rounds int, lose func(context.Context, *corev1.Pod) error) {
	s.Helper()
	load := s.Load(ctx)
	var takeovers, pinned workload.Distribution
	for range rounds {
		status := s.Whole(ctx, s)
		leader := status.Leader
		followers, err := s.followers(ctx)
		require.NoError(s, err)
		main := s.Pin(ctx, status.Record.Main)
		var pins []*Pinned
		for _, name := range followers {
			pins = append(pins, s.Pin(ctx, name))
		}
		follower := s.controllerOf(ctx, followers[0])
		pod, err := s.Pod(ctx, leader)
		require.NoError(s, err)
		var lost time.Time
		load.Round(ctx, fault.Change{
			Title: "loss of leader " + leader,
			Do:    func(ctx context.Context) error { lost = time.Now(); return lose(ctx, pod) },
			Acts: func(ctx context.Context) error {
				status, err := follower.Status(ctx)
				if err == nil && (status.Leader == "" || status.Leader == leader) {
					err = fmt.Errorf("leader is %q", status.Leader)
				}
				if err == nil {
					takeovers = append(takeovers, time.Since(lost))
				}
				return err
			},
		}, nil)
		pinned = append(pinned, s.undisturbed(lost, time.Now(), main, pins...)...)
		s.pinnedHeld(ctx, append(pins, main)...)
	}
	s.Measure("takeover", takeovers)
	s.Measure("gap of sessions through others", pinned)
	assert.LessOrEqual(s, takeovers.Max(), takeover)
	load.Judge(ctx, Promise{Gap: targetMax, NoReseed: true})
}

// undisturbed ends sessions that nothing happened to between two times, and one with the
// main itself. They saw no error and stood still hardly longer than the main. It returns
// for how long.
func (s *Scenario) undisturbed(from, to time.Time, main *Pinned, pins ...*Pinned) workload.Distribution {
	s.Helper()
	longest := gaps(from, to, pins...)
	of := main.Gap(from, to)
	s.Logf("gap of the session with the main itself: %s", of.Round(time.Millisecond))
	for _, p := range append(pins, main) {
		p.Stop()
		assert.Empty(s, p.Errors(), "errors of the session with %s, which nothing happened to", p.Pod)
	}
	assert.LessOrEqual(s, longest.Max(), of+unnoticed)
	return longest
}

// controllerOf is a client of the controller of one pod, until the test ends.
func (s *Scenario) controllerOf(ctx context.Context, pod string) api.Client {
	s.Helper()
	tunnel, err := s.Tunnel(ctx, pod, httpPort)
	require.NoError(s, err)
	s.Cleanup(tunnel.Close)
	return api.Client{Base: "http://" + tunnel.Address, Token: s.API.Token, HTTP: fresh()}
}

func TestAllControllersButOneAreKilled(t *testing.T) {
	scenario(t, "sessions through the remaining one go on", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		pods, err := s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		main, remaining := s.Pin(ctx, s.Whole(ctx, s).Record.Main), s.Pin(ctx, pods[0].Name)
		began := time.Now()
		load.Round(ctx, s.deletionOfControllers(pods[1:]), nil)
		s.Measure("gap of the session through the remaining one", s.undisturbed(began, time.Now(), main, remaining))
		s.pinnedHeld(ctx, remaining, main)
		load.Judge(ctx, Promise{Gap: targetMax, NoReseed: true})
	})
}

func TestAllControllersAreKilledAtOnce(t *testing.T) {
	scenario(t, "writes go on as soon as the first of them is back", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		pods, err := s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		before := s.Whole(ctx, s).Record
		load.Round(ctx, s.deletionOfControllers(pods), nil)
		after := s.Whole(ctx, s).Record
		require.Equal(s, before.Main, after.Main, "the main changed although only controllers were lost")
		load.Judge(ctx, Promise{Gap: allGoneGap, NoReseed: true})
	})
}

// deletionOfControllers deletes controller pods by force, all at once.
func (s *Scenario) deletionOfControllers(pods []corev1.Pod) fault.Fault {
	return fault.Change{
		Title: fmt.Sprintf("deletion of %d controllers", len(pods)),
		Do: func(ctx context.Context) error {
			var errs []error
			for i := range pods {
				errs = append(errs, s.DeletePod(ctx, &pods[i], fleet.ByForce()))
			}
			return errors.Join(errs...)
		},
		Acts: func(ctx context.Context) error {
			now, err := s.Pods(ctx, s.Controllers)
			if err != nil {
				return err
			}
			for _, p := range now {
				for _, old := range pods {
					if p.UID == old.UID {
						return fmt.Errorf("%s is still there", p.Name)
					}
				}
			}
			return nil
		},
	}
}

func TestGatewayThatIsCutOffAloneSilencesItself(t *testing.T) {
	scenario(t, "it acknowledges nothing, and the others go on", func(ctx context.Context, s *Scenario) {
		status := s.Whole(ctx, s)
		s.clear(ctx)
		followers, err := s.followers(ctx)
		require.NoError(s, err)
		pods, err := s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		main, pins := s.Pin(ctx, status.Record.Main), map[string]*Pinned{}
		for _, p := range pods {
			pins[p.Name] = s.Pin(ctx, p.Name)
		}
		s.pass(ctx, 3*time.Second)
		for name, p := range pins {
			if time.Since(p.Last()) > time.Since(main.Last())+unnoticed {
				s.Void("the session through %s does not write: %v", name, p.Errors())
			}
		}

		cut := time.Now()
		lonely := pins[followers[0]]
		cutting := s.cutOff(ctx, followers[0], pods)
		s.pass(ctx, silence)
		quiet := time.Now()
		s.pass(ctx, 10*time.Second)
		healing := time.Now()
		if err := cutting.Injected(ctx); err != nil {
			s.Void("%s: %v", cutting.Name(), err)
		}
		assert.Less(s, lonely.Last(), quiet, "a gateway that is cut off acknowledged a write after %s", silence)
		s.Measure("last word of the gateway that was cut off", workload.Distribution{max(0, lonely.Last().Sub(cut))})
		require.NoError(s, cutting.Heal(ctx))
		s.Eventually(ctx, "the gateway that was cut off serves again", 30*time.Second, func(context.Context) error {
			if lonely.Last().Before(healing) {
				return fmt.Errorf("last write at %s", lonely.Last().Format(time.TimeOnly))
			}
			return nil
		})
		var others []*Pinned
		for name, p := range pins {
			if name != lonely.Pod {
				others = append(others, p)
			}
		}
		s.Measure("gap of sessions through others", s.undisturbed(cut, healing, main, others...))
		lonely.Stop()
		s.Whole(ctx, s)
		s.pinnedHeld(ctx, append(others, lonely, main)...)
	})
}

// cutOff drops all packets between a controller pod and the API server and the
// other controllers, until the test ends or it is healed. Its clients and the
// databases stay within reach.
func (s *Scenario) cutOff(ctx context.Context, name string, pods []corev1.Pod) fault.Fault {
	s.Helper()
	peers := []fault.Victim{fault.APIServer}
	for _, p := range pods {
		if p.Name != name {
			peers = append(peers, fault.Victim(p.Name))
		}
	}
	cut := fault.Cut(s.Target(), fault.Victim(name), fault.Both, peers...)
	check(s, cut.Prepare(ctx), "prepare to "+cut.Name())
	s.Cleanup(func() {
		if err := cut.Heal(context.WithoutCancel(ctx)); err != nil {
			s.Errorf("%v", err)
		}
	})
	check(s, cut.Inject(ctx), cut.Name())
	return cut
}

func TestReadGatewayIsTurnedOffAndOn(t *testing.T) {
	scenario(t, "clients of the read address are served by the main meanwhile, unchanged", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		s.Cleanup(func() {
			if s.Failed() {
				if err := s.Install(context.WithoutCancel(ctx), nil); err != nil {
					s.Errorf("turn the read gateway on again: %v", err)
				}
			}
		})
		load.Round(ctx, s.readGateway(false, "main"), nil)
		load.Round(ctx, s.readGateway(true, "replica"), nil)
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
	})
}

// readGateway turns the read gateway on or off. role is who answers reads then.
func (s *Scenario) readGateway(on bool, role string) fault.Fault {
	return fault.Change{
		Title: fmt.Sprintf("readGateway.enabled=%v", on),
		Do: func(ctx context.Context) error {
			return s.Install(ctx, helm.Values{"readGateway": helm.Values{"enabled": on}})
		},
		Acts: func(ctx context.Context) error {
			for range 10 {
				rows, err := ask(ctx, s.Read, "SHOW REPLICATION ROLE")
				if err != nil {
					return err
				}
				if rows[0][0] != role {
					return fmt.Errorf("a %v answers reads", rows[0][0])
				}
			}
			return nil
		},
	}
}
