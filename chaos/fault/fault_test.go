package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/e2e/kube/fleet"
)

func TestVictimsAreWhoHasTheRoleNow(t *testing.T) {
	status := api.Status{
		Leader: "c-2", Record: topology.Record{Main: "m-0", Voter: "m-1"},
		Instances: []api.Instance{{Name: "m-0"}, {Name: "m-1"}, {Name: "m-2"}},
	}
	var controllers []corev1.Pod
	for _, name := range []string{"c-1", "c-2"} {
		controllers = append(controllers, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for victim, want := range map[Victim]string{Main: "m-0", Voter: "m-1", Replica: "m-2", Leader: "c-2", Follower: "c-1"} {
		require.Equal(t, want, role(status, victim, controllers), string(victim))
	}
	status.Leader = ""
	require.Empty(t, role(status, Follower, controllers), "nobody knows who follows while nobody leads")
}

func TestANameSaysWhatIsDoneToWhom(t *testing.T) {
	target := Target{}
	for want, f := range map[string]Fault{
		"kill main":                              Kill(target, Main),
		"cut main from voter":                    Cut(target, Main, Both, Voter),
		"cut main one-way to voter":              Cut(target, Main, Out, Voter),
		"cut m-0 from a and b":                   Cut(target, "m-0", Both, "a", "b"),
		"kill node of main":                      KillNode(target, Main),
		"kill main + rollout restart":            Together(Kill(target, Main), Change{Title: "rollout restart"}),
		"flap (1s on, 2s off) x":                 Flap(Change{Title: "x"}, time.Second, 2*time.Second),
		"lose 20 % between main and everybody":   Lose(target, 20, Main, Everybody),
		"kill main, and leader in phase promote": KillLeaderIn(target, api.PhasePromote, nil),
	} {
		require.Equal(t, want, f.Name())
	}
}

// A main calls its replicas at the addresses of Services: a cut that knew the pods'
// addresses only dropped nothing.
func TestACutDropsWhatGoesToThePodAndToItsService(t *testing.T) {
	kube := fake.NewClientset(
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "m-1"}, Spec: corev1.ServiceSpec{ClusterIP: "10.96.0.1"}},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "m-2"}, Spec: corev1.ServiceSpec{ClusterIP: "10.96.0.2"}},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "c-1"}, Spec: corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone}},
		pod("m-1", "10.244.0.1", fleet.Database), pod("m-2", "10.244.0.2", fleet.Database), pod("c-1", "10.244.0.3", fleet.Controller),
	)
	target := Target{Fleet: fleet.Fleet{Kube: kube, Namespace: "ns", Controllers: "app=c"}}
	for victim, want := range map[Victim][]string{"m-1": {"10.244.0.1", "10.96.0.1"}, "c-1": {"10.244.0.3"}} {
		peer, err := target.addresses(t.Context(), victim)
		require.NoError(t, err)
		require.Equal(t, want, peer.Addresses, string(victim))
	}
	_, err := target.addresses(t.Context(), Controllers)
	require.EqualError(t, err, "controllers is nobody")
}

func pod(name, ip, container string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: container}}},
		Status:     corev1.PodStatus{PodIP: ip},
	}
}

func TestAFaultThatWasNeverPreparedIsHealed(t *testing.T) {
	for _, f := range []Fault{Kill(Target{}, Main), Stop(Target{}, Main), Cut(Target{}, Main, Both, Voter), KillNode(Target{}, Main), KillLeaderIn(Target{}, api.PhaseVoter, nil)} {
		require.NoError(t, f.Heal(t.Context()), f.Name())
	}
}

func TestFlappingActsWhenItWasSeenTwiceAndIsHealedInTheEnd(t *testing.T) {
	var on, turns atomic.Int32
	f := Flap(Change{
		Title: "x",
		Do:    func(context.Context) error { on.Add(1); turns.Add(1); return nil },
		Undo:  func(context.Context) error { on.Store(0); return nil },
	}, time.Millisecond, time.Millisecond)
	require.NoError(t, f.Inject(t.Context()))
	require.Eventually(t, func() bool { return f.Injected(t.Context()) == nil }, 5*time.Second, time.Millisecond)
	require.NoError(t, f.Heal(t.Context()))
	require.GreaterOrEqual(t, turns.Load(), int32(2))
	require.Zero(t, on.Load())
}

func TestFlappingThatCannotBeInjectedDoesNotAct(t *testing.T) {
	broken := errors.New("no such thing")
	f := Flap(Change{Title: "x", Do: func(context.Context) error { return broken }}, time.Millisecond, time.Millisecond)
	require.NoError(t, f.Inject(t.Context()))
	require.Eventually(t, func() bool { return errors.Is(f.Injected(t.Context()), broken) }, 5*time.Second, time.Millisecond)
	require.NoError(t, f.Heal(t.Context()))
}

func TestTogetherHealsEverything(t *testing.T) {
	healed := 0
	one := Change{Title: "x", Undo: func(context.Context) error { healed++; return errors.New("stuck") }}
	require.Error(t, Together(one, one).Heal(t.Context()))
	require.Equal(t, 2, healed)
}

func TestAPhaseIsReachedWhenAllBeforeItHaveEnded(t *testing.T) {
	f := api.Failover{Phases: []api.Phase{{Name: api.PhaseDetect}, {Name: api.PhaseFence}, {Name: api.PhasePromote}}}
	for phase, want := range map[api.PhaseName]bool{
		api.PhaseFence: true, api.PhaseDemote: true, api.PhasePromote: true, api.PhaseRegister: true, api.PhaseVoter: false, api.PhaseRoute: false,
	} {
		require.Equal(t, want, reached(f, phase), string(phase))
	}
}

func TestALeaderIsKilledOnlyInAFailoverThatGoesOn(t *testing.T) {
	old := api.Failover{ID: "old", From: "m-0", To: "m-1", Result: api.ResultCompleted}
	phases := []api.Phase{{Name: api.PhaseDetect}, {Name: api.PhaseFence}, {Name: api.PhaseDemote}}
	for name, c := range map[string]struct {
		is     api.Failover
		missed bool
	}{
		"it goes on":  {api.Failover{ID: "new", From: "m-1", To: "m-2", Phases: phases, Result: api.ResultRunning}, false},
		"it was over": {api.Failover{ID: "new", From: "m-1", To: "m-2", Phases: phases, Result: api.ResultCompleted}, true},
	} {
		t.Run(name, func(t *testing.T) {
			leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode([]api.Failover{old, c.is})
			}))
			defer leader.Close()
			m := midway{phase: api.PhasePromote}
			err := m.lurk(t.Context(), api.Client{Base: leader.URL}, []api.Failover{old})
			require.Equal(t, c.missed, errors.Is(err, ErrMissed), err)
			require.Equal(t, c.missed, err != nil)
		})
	}
}

// It would be waited for as if it had been killed, for as long as that may take.
func TestALeaderThatWasMissedNeedNotStartAgain(t *testing.T) {
	leader := pod("c-1", "10.244.0.3", fleet.Controller)
	leader.UID = "c"
	leader.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: fleet.Controller, ContainerID: "containerd://1"}}
	main := pod("m-1", "10.244.0.1", fleet.Database)
	main.UID = "new"
	target := Target{Fleet: fleet.Fleet{Kube: fake.NewClientset(leader, main), Namespace: "ns"}}
	before := func(name, uid, container string) *kill {
		return &kill{target: target, pod: name, what: container, old: fleet.Identity{Pod: types.UID(uid), Container: "containerd://1"}}
	}
	m := midway{main: before("m-1", "old", fleet.Database), leader: before("c-1", "c", fleet.Controller)}
	require.Error(t, m.Healed(t.Context()), "the leader was killed and has not started again")
	m.hit = fmt.Errorf("phase fence: %w", ErrMissed)
	require.NoError(t, m.Healed(t.Context()))
}

func TestAnInstanceIsFitWhenItIsInSyncAndNothingElseGoesOn(t *testing.T) {
	up := api.Instance{Name: "m-1", Health: topology.HealthUp, Status: topology.StatusReady, Clean: true}
	quiet := topology.Record{Gate: topology.GateOpen}
	require.True(t, fit(api.Status{Record: quiet, Instances: []api.Instance{{Name: "m-0"}, up}}, "m-1"))
	require.False(t, fit(api.Status{Record: topology.Record{Gate: topology.GatePaused}, Instances: []api.Instance{up}}, "m-1"), "the gate is not open")
	require.False(t, fit(api.Status{Record: quiet, Instances: []api.Instance{{Name: "m-1"}}}, "m-1"), "it is not up")
	require.False(t, fit(api.Status{Record: quiet}, "m-1"), "it is not there")
}
