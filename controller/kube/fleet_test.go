package kube

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller"
)

func names(list []controller.Process) []string {
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	return names
}

func TestInstancesArePodsOfTheStatefulSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(append(three(), newPod("debug-memgraph", "uid-9", runs), newPod("memgraph-01", "uid-10", runs))...)
		fleet := runFleet(t, s)
		require.Equal(t, []string{"memgraph-0", "memgraph-1", "memgraph-2"}, names(fleet.List()))
		require.Equal(t, controller.Process{
			Name: "memgraph-1", Bolt: "10.0.0.2:7687",
			Replication: "memgraph-1.nodes.graph.svc.cluster.local:10000",
			ID:          "aaaaaaaaaaaa-uid-1", Started: find(t, fleet, "memgraph-1").Started,
		}, find(t, fleet, "memgraph-1"))
		require.Equal(t, "uid-set", string(fleet.StatefulSet().UID))
	})
}

func TestNothingIsListedBeforeEverythingWasRead(t *testing.T) {
	for _, late := range []string{"statefulsets", "pods", "services"} {
		t.Run(late, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(three()...)
				var there atomic.Bool
				s.PrependReactor("list", late, func(clienttesting.Action) (bool, runtime.Object, error) {
					return !there.Load(), nil, errDown
				})
				fleet := runFleet(t, s)
				time.Sleep(time.Minute)
				require.Empty(t, fleet.List())
				select {
				case <-fleet.Listed():
					require.Fail(t, "it is not complete")
				default:
				}
				there.Store(true)
				<-fleet.Listed()
				require.Len(t, fleet.List(), 3)
			})
		})
	}
}

func TestStatefulSetThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()[1:]...)
		fleet := runFleet(t, s)
		time.Sleep(time.Minute)
		require.Empty(t, fleet.List(), "nobody knows yet how many there are")
		s.put(statefulSet(3))
		<-fleet.Listed()
		require.Len(t, fleet.List(), 3)
	})
}

func TestInstanceWithoutPodIsListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := runFleet(t, newServer(three()[:3]...))
		p := find(t, fleet, "memgraph-2")
		require.Equal(t, "memgraph-2.nodes.graph.svc.cluster.local:7687", p.Bolt, "an address that leads to nobody else")
		require.Empty(t, p.ID)
		require.False(t, p.Dead || p.Terminating)
	})
}

func TestScalingUpAndDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		<-fleet.Changes()
		s.put(statefulSet(4))
		<-fleet.Changes()
		require.Len(t, fleet.List(), 4)
		s.put(statefulSet(2))
		<-fleet.Changes()
		require.Len(t, fleet.List(), 3, "one that has a pod still is an instance")
		s.remove(three()[3])
		<-fleet.Changes()
		require.Equal(t, []string{"memgraph-0", "memgraph-1"}, names(fleet.List()))
	})
}

func TestFirstOrdinalOfTheStatefulSetCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		set := statefulSet(2)
		set.Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: 5}
		s.put(set)
		require.Equal(t, []string{"memgraph-5", "memgraph-6"}, names(runFleet(t, s).List()))
	})
}

func TestDeletionOfTheStatefulSetAroundItsPodsChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		s.remove(statefulSet(3))
		s.remove(three()[3])
		synctest.Wait()
		require.Len(t, fleet.List(), 3)
		s.fail(nil) // every watch breaks; the list has no StatefulSet
		synctest.Wait()
		require.Len(t, fleet.List(), 3)
	})
}

// TestWhatProvesThatAProcessIsDead begins with the running process of
// memgraph-1, lets something happen to its pod, and looks what is believed.
func TestWhatProvesThatAProcessIsDead(t *testing.T) {
	pod := func(options ...podOption) *corev1.Pod {
		return newPod("memgraph-1", "uid-1", append([]podOption{ip("10.0.0.2")}, options...)...)
	}
	put := func(options ...podOption) func(*server) {
		return func(s *server) { s.put(pod(options...)) }
	}
	remove := func(s *server) { s.remove(pod()) }
	successor := func(options ...podOption) func(*server) {
		return func(s *server) { s.put(newPod("memgraph-1", "uid-new", options...)) }
	}
	missed := func(does ...func(*server)) func(*server) {
		return func(s *server) {
			s.fail(errDown)
			for _, do := range does {
				do(s)
			}
			s.fail(nil)
		}
	}
	const before, again, after = "aaaaaaaaaaaa-uid-1", "bbbbbbbbbbbb-uid-1", "aaaaaaaaaaaa-uid-new"
	for name, c := range map[string]struct {
		happens           []func(*server)
		id                string
		dead, terminating bool
		bolt              string
	}{
		"nothing":                               {nil, before, false, false, "10.0.0.2:7687"},
		"the container ended":                   {[]func(*server){put(hasEnded)}, before, true, false, "10.0.0.2:7687"},
		"the container crash-loops":             {[]func(*server){put(crashLoops)}, before, true, false, "10.0.0.2:7687"},
		"the container restarted in place":      {[]func(*server){put(runsAgain)}, again, false, false, "10.0.0.2:7687"},
		"it ended and restarted in place":       {[]func(*server){put(hasEnded), put(runsAgain)}, again, false, false, "10.0.0.2:7687"},
		"it restarted, unseen":                  {[]func(*server){missed(put(hasEnded), put(runsAgain))}, again, false, false, "10.0.0.2:7687"},
		"the kubelet lost its container":        {[]func(*server){put(container(ended(""), corev1.ContainerState{}))}, before, true, false, "10.0.0.2:7687"},
		"a kubelet that just started waits":     {[]func(*server){put(initializes)}, before, false, false, "10.0.0.2:7687"},
		"the pod is being deleted":              {[]func(*server){put(runs, deleted)}, before, false, true, "10.0.0.2:7687"},
		"it ended as its pod was deleted":       {[]func(*server){put(runs, deleted), put(hasEnded, deleted)}, before, true, false, "10.0.0.2:7687"},
		"the pod failed, its container ended":   {[]func(*server){put(hasEnded, phase(corev1.PodFailed))}, before, true, false, "10.0.0.2:7687"},
		"the garbage collector calls it Failed": {[]func(*server){put(runs, phase(corev1.PodFailed))}, before, false, true, "10.0.0.2:7687"},
		"deleted in order":                      {[]func(*server){put(runs, deleted), put(hasEnded, deleted), remove}, before, true, false, "10.0.0.2:7687"},
		"deleted by force":                      {[]func(*server){remove}, before, false, true, "10.0.0.2:7687"},
		"deleted by force, unseen":              {[]func(*server){missed(remove)}, before, false, true, "10.0.0.2:7687"},
		"deleted in order, unseen":              {[]func(*server){missed(put(hasEnded, deleted), remove)}, before, false, true, "10.0.0.2:7687"},
		"its successor waits after a death":     {[]func(*server){put(hasEnded), remove, successor(ip("10.0.0.9"), initializes)}, before, true, false, "10.0.0.9:7687"},
		"its successor waits after force":       {[]func(*server){remove, successor(ip("10.0.0.9"), initializes)}, before, false, true, "10.0.0.2:7687"},
		"its successor appears, unseen":         {[]func(*server){missed(remove, successor(ip("10.0.0.9"), initializes))}, before, false, true, "10.0.0.2:7687"},
		"its successor is force-deleted too":    {[]func(*server){remove, successor(ip("10.0.0.9"), initializes), remove}, before, false, true, "10.0.0.2:7687"},
		"its successor runs":                    {[]func(*server){remove, successor(ip("10.0.0.9"), runs)}, after, false, false, "10.0.0.9:7687"},
		"its successor runs, unseen":            {[]func(*server){missed(remove, successor(ip("10.0.0.9"), runs))}, after, false, false, "10.0.0.9:7687"},
		"its successor ended":                   {[]func(*server){remove, successor(ip("10.0.0.9"), hasEnded)}, after, true, false, "10.0.0.9:7687"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(three()...)
				fleet := runFleet(t, s)
				time.Sleep(time.Minute)
				for _, happen := range c.happens {
					happen(s)
					synctest.Wait()
				}
				time.Sleep(2 * watchRetry)
				p := find(t, fleet, "memgraph-1")
				require.Equal(t, c.id, p.ID)
				require.Equal(t, c.dead, p.Dead, "dead")
				require.Equal(t, c.terminating, p.Terminating, "terminating")
				require.Equal(t, c.bolt, p.Bolt)
			})
		})
	}
}

func TestLastStateOfADeletedPodObjectCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		fleet.podFeed().gone(newPod("memgraph-1", "uid-1", ip("10.0.0.2"), hasEnded))
		require.True(t, find(t, fleet, "memgraph-1").Dead)
	})
}

func TestDeathOfOneContainerSaysNothingOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := runFleet(t, newServer(three()...))
		require.False(t, find(t, fleet, "memgraph-0").Dead, "the sidecar has ended, the database runs")
	})
}

func TestAddressOfAProcessThatLostItsPodIsUsedOnlyForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		s.remove(three()[2])
		removed := time.Now()
		synctest.Wait()
		<-fleet.Changes()
		time.Sleep(addressMemory - time.Millisecond)
		require.Equal(t, "10.0.0.2:7687", find(t, fleet, "memgraph-1").Bolt)
		<-fleet.Changes()
		require.Equal(t, addressMemory, time.Since(removed), "the loop is told when the address changes")
		p := find(t, fleet, "memgraph-1")
		require.Equal(t, "memgraph-1.nodes.graph.svc.cluster.local:7687", p.Bolt)
		require.Equal(t, "aaaaaaaaaaaa-uid-1", p.ID)
		require.True(t, p.Terminating)
		require.False(t, p.Dead)

		s.put(newPod("memgraph-1", "uid-new", ip("10.0.0.9"), initializes))
		require.Equal(t, "10.0.0.9:7687", find(t, fleet, "memgraph-1").Bolt)
		s.remove(three()[2])
		require.Equal(t, "memgraph-1.nodes.graph.svc.cluster.local:7687", find(t, fleet, "memgraph-1").Bolt,
			"the end of a pod that never started it does not bring its address back")
	})
}

func TestStartIsNeverLaterThanTheFirstSight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		began := time.Now()
		time.Sleep(time.Hour)
		require.WithinDuration(t, began, find(t, fleet, "memgraph-0").Started, time.Second)

		fast := newPod("memgraph-0", "uid-0", ip("10.0.0.1"), runsAgain) // its node's clock is ahead
		fast.Status.ContainerStatuses[1].State.Running.StartedAt.Time = time.Now().Add(time.Minute)
		s.put(fast)
		require.Equal(t, time.Now(), find(t, fleet, "memgraph-0").Started)
		time.Sleep(time.Hour)
		s.put(fast)
		require.Equal(t, time.Now().Add(-time.Hour), find(t, fleet, "memgraph-0").Started)
	})
}

func TestOutageOfTheServerChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		before := fleet.List()
		s.fail(errDown)
		time.Sleep(10 * time.Minute)
		require.Equal(t, before, fleet.List())
		s.put(newPod("memgraph-1", "uid-1", ip("10.0.0.2"), hasEnded))
		s.fail(nil)
		time.Sleep(2 * watchRetry)
		require.True(t, find(t, fleet, "memgraph-1").Dead)
	})
}

func TestWatchesCostNextToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		runFleet(t, s)
		time.Sleep(time.Hour)
		require.LessOrEqual(t, len(s.Actions()), 3*2*12)
	})
}

func TestServerThatEndsEveryWatchAtOnceIsNotFlooded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		for range 600 { // a minute
			s.fail(nil)
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, s.requests("list", "pods"), 61)
		require.Len(t, fleet.List(), 3)
	})
}

func TestConfigThatCannotBeRightIsRefused(t *testing.T) {
	for says, change := range map[string]func(*Config){
		"--namespace":                     func(c *Config) { c.Namespace = "" },
		"--statefulset":                   func(c *Config) { c.StatefulSet = "" },
		"--cluster-domain":                func(c *Config) { c.Domain = "" },
		"--instance-selector is empty":    func(c *Config) { c.Instances = "" },
		`--controller-selector "a in (b"`: func(c *Config) { c.Controllers = "a in (b" },
	} {
		bad := config()
		change(&bad)
		_, err := NewFleet(newServer(), bad, nil)
		require.ErrorContains(t, err, says)
	}
}

func TestPodIsMovingUntilItsNameLeadsToItsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		synctest.Wait()
		require.False(t, find(t, fleet, "memgraph-1").Moving, "it was there before")
		s.put(newPod("memgraph-1", "uid-1", ip("10.0.0.2"), runsAgain))
		require.False(t, find(t, fleet, "memgraph-1").Moving, "it restarted in its place")
		s.remove(newPod("memgraph-1", "uid-1"))
		require.True(t, find(t, fleet, "memgraph-1").Moving, "nobody is at its address any more")
		s.put(newPod("memgraph-1", "uid-new", ip("10.0.0.9"), runs))
		require.True(t, find(t, fleet, "memgraph-1").Moving)
		drain(fleet.Changes())
		time.Sleep(nameDelay)
		<-fleet.Changes()
		require.False(t, find(t, fleet, "memgraph-1").Moving)
	})
}

// An upgrade of the chart stood still for four minutes, until it was ended, and would
// have for the five until the next list: its leader first saw a pod 3 s after its
// creation, and nothing told it when the pod had arrived.
func TestPodThatMovedJustBeforeTheControllerBeganArrivesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		created := time.Now().Add(-time.Second)
		fleet := runFleet(t, newServer(append(three()[:3], newPod("memgraph-2", "uid-new", ip("10.0.0.9"), runs, createdAt(created)))...))
		require.True(t, find(t, fleet, "memgraph-2").Moving)
		drain(fleet.Changes())
		for find(t, fleet, "memgraph-2").Moving {
			<-fleet.Changes()
		}
		require.Equal(t, nameDelay, time.Since(created), "the loop is told when it has arrived")
		require.False(t, find(t, fleet, "memgraph-2").Moving)
	})
}

func TestPodOfTheFutureMovesNoLongerThanOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := runFleet(t, newServer(append(three()[:3], newPod("memgraph-2", "uid-new", ip("10.0.0.9"), runs, createdAt(time.Now().Add(time.Hour))))...))
		time.Sleep(nameDelay)
		synctest.Wait()
		require.False(t, find(t, fleet, "memgraph-2").Moving, "the clock of the API server is another one")
	})
}

func drain(changes <-chan struct{}) {
	synctest.Wait()
	select {
	case <-changes:
	default:
	}
}
