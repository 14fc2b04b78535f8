package kube

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// rolling is a cluster of three whose main is memgraph-2 and whose voter memgraph-1, and
// what looks after its pods.
type rolling struct {
	*server
	*Rollout
	told     *told
	status   api.Status
	leads    bool
	old      time.Duration // of the status
	deleted  []string
	options  []metav1.DeleteOptions
	strategy appsv1.StatefulSetUpdateStrategyType
}

func rollingCluster(t *testing.T, strategy appsv1.StatefulSetUpdateStrategyType) *rolling {
	t.Helper()
	r := &rolling{server: newServer(), told: &told{gates: map[string]string{}}, leads: true, strategy: strategy}
	r.status = api.Status{
		Epoch:  5,
		Record: topology.Record{Epoch: 5, Main: "memgraph-2", Voter: "memgraph-1", Gate: topology.GateOpen},
	}
	for n := range 3 {
		name := fmt.Sprintf("memgraph-%d", n)
		r.put(r.pod(name, fmt.Sprintf("uid-%d", n), "one"))
		i := api.Instance{Name: name, Health: topology.HealthUp, Status: topology.StatusReady, Clean: true}
		r.status.Instances = append(r.status.Instances, i)
	}
	r.template("one", 1)
	r.PrependReactor("delete", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		a := action.(clienttesting.DeleteActionImpl)
		r.deleted, r.options = append(r.deleted, a.Name), append(r.options, a.DeleteOptions)
		return true, nil, nil
	})
	r.Rollout = &Rollout{
		Fleet: runFleet(t, r.server), Leads: func() bool { return r.leads }, Events: r.told, Log: slog.New(slog.DiscardHandler),
		Status: func() api.Status {
			status := r.status
			status.Time = time.Now().Add(-r.old)
			return status
		},
	}
	background(t, r.Run)
	return r
}

// pod is one that is in sync.
func (r *rolling) pod(name, uid, revision string) *corev1.Pod {
	p := newPod(name, uid, ip("10.0.0.1"), runs)
	p.Labels[appsv1.ControllerRevisionHashLabelKey] = revision
	p.Status.Conditions = []corev1.PodCondition{{Type: ReadinessGate, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	return p
}

// template gives the StatefulSet another template, which Kubernetes has taken in.
func (r *rolling) template(revision string, observed int64) {
	set := statefulSet(3)
	set.Generation, set.Status.ObservedGeneration, set.Status.UpdateRevision = 1, observed, revision
	set.Spec.UpdateStrategy.Type = r.strategy
	r.put(set)
}

// settle lets a few looks pass and returns who was deleted in them.
func (r *rolling) settle() []string {
	time.Sleep(3 * rolloutEvery)
	synctest.Wait()
	gone := r.deleted
	r.deleted = nil
	return gone
}

func TestPodsOfAnOldTemplateAreReplacedOneAfterTheOtherTheMainLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rollingCluster(t, appsv1.OnDeleteStatefulSetStrategyType)
		require.Empty(t, r.settle(), "all are of the present template")
		r.template("two", 1)
		var order []string
		for n := range 3 {
			gone := r.settle()
			require.Len(t, gone, 1, "one at a time")
			order = append(order, gone...)
			require.Empty(t, r.settle(), "it is being stopped")
			r.remove(r.pod(gone[0], "", ""))
			require.Empty(t, r.settle(), "it has no pod")
			next := r.pod(gone[0], fmt.Sprintf("uid-new-%d", n), "two")
			next.Status.Conditions = nil
			r.put(next)
			require.Empty(t, r.settle(), "the controller still speaks of the pod before; this one was not told that it is in sync")
			r.put(r.pod(gone[0], fmt.Sprintf("uid-new-%d", n), "two"))
		}
		require.Equal(t, []string{"memgraph-0", "memgraph-1", "memgraph-2"}, order)
		require.Empty(t, r.settle())
		require.Len(t, r.told.events, 3)
		require.Contains(t, r.told.events[2], "Normal PodReplaced memgraph-2 is restarted with the new pod template: the main comes last")
		for n, options := range r.options {
			require.EqualValues(t, fmt.Sprintf("uid-%d", n), *options.Preconditions.UID, "this very pod")
			require.Nil(t, options.GracePeriodSeconds, "it needs all the time that it has to hand over")
		}
	})
}

func TestNobodyElseReplacesPods(t *testing.T) {
	for name, change := range map[string]func(*rolling){
		"another controller leads":                  func(r *rolling) { r.leads = false },
		"the controller has not looked for a while": func(r *rolling) { r.old = freshStatus + time.Millisecond },
		"there is no record yet":                    func(r *rolling) { r.status.Epoch = 0 },
		"automatic actions are paused":              func(r *rolling) { r.status.Paused = &topology.Pause{By: "ada"} },
		"an instance is not in sync":                func(r *rolling) { r.status.Instances[0].Clean = false },
		"an instance was not looked at":             func(r *rolling) { r.status.Instances = r.status.Instances[:2] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rollingCluster(t, appsv1.OnDeleteStatefulSetStrategyType)
				change(r)
				r.template("two", 1)
				require.Empty(t, r.settle())
			})
		})
	}
}

func TestKubernetesRollsByItselfWithRollingUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rollingCluster(t, appsv1.RollingUpdateStatefulSetStrategyType)
		r.template("two", 1)
		require.Empty(t, r.settle())
	})
}

// Until then its status speaks of the template before.
func TestATemplateThatKubernetesHasNotTakenInReplacesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rollingCluster(t, appsv1.OnDeleteStatefulSetStrategyType)
		r.template("two", 0)
		require.Empty(t, r.settle())
		r.template("two", 1)
		require.Len(t, r.settle(), 1)
	})
}

// Under load a replica is shown as invalid now and then, although its pod was in sync for
// hours: it is waited for, and not taken for useless.
func TestAReplicaThatFlickersIsNotReplacedOutOfTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rollingCluster(t, appsv1.OnDeleteStatefulSetStrategyType)
		time.Sleep(time.Hour)
		r.status.Instances = slices.Clone(r.status.Instances)
		r.status.Instances[0].Status = topology.StatusInvalid
		r.template("two", 1)
		require.Empty(t, r.settle())
	})
}

func TestALongWaitIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rollingCluster(t, appsv1.OnDeleteStatefulSetStrategyType)
		r.status.Instances[0].Status = topology.StatusRecovery
		r.template("two", 1)
		time.Sleep(rolloutStuck)
		synctest.Wait()
		require.Empty(t, r.told.events)
		time.Sleep(rolloutStuck)
		synctest.Wait()
		require.Len(t, r.told.events, 1)
		require.Contains(t, r.told.events[0], `Warning RolloutWaits`)
		require.Contains(t, r.told.events[0], `memgraph-0 is not in sync: its replication is "recovery"`)
	})
}
