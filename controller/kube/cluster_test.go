package kube

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller"
)

const namespace = "graph"

func config() Config {
	return Config{
		Namespace: namespace, StatefulSet: "memgraph", Domain: "cluster.local",
		Instances: "app=memgraph", Controllers: "app=memgraph-controller",
	}
}

// server is the fake clientset with what it lacks of an API server: versions
// that count up and are compared, outages, and watches that break.
type server struct {
	*fake.Clientset
	mu      sync.Mutex
	version int
	down    error // what every request answers, if not nil
	watches []watch.Interface
}

var errDown = errors.New("connection refused")

func newServer(objects ...runtime.Object) *server {
	s := &server{Clientset: fake.NewClientset()}
	s.PrependReactor("*", "*", s.react)
	s.PrependWatchReactor("*", s.openWatch)
	for _, o := range objects {
		s.put(o)
	}
	return s
}

func (s *server) react(action clienttesting.Action) (bool, runtime.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return true, nil, s.down
	}
	switch a := action.(type) {
	case clienttesting.CreateActionImpl:
		o := s.next(a.GetObject())
		return true, o, s.Tracker().Create(a.GetResource(), o, namespace)
	case clienttesting.UpdateActionImpl:
		if err := s.compare(a.GetResource(), a.GetObject()); err != nil {
			return true, nil, err
		}
		o := s.next(a.GetObject())
		return true, o, s.Tracker().Update(a.GetResource(), o, namespace)
	}
	return false, nil, nil
}

// compare refuses an update that is not of the stored version.
func (s *server) compare(resource schema.GroupVersionResource, o runtime.Object) error {
	object, _ := meta.Accessor(o)
	found, err := s.Tracker().Get(resource, namespace, object.GetName())
	if err != nil {
		return err
	}
	if stored, _ := meta.Accessor(found); stored.GetResourceVersion() != object.GetResourceVersion() {
		return apierrors.NewConflict(resource.GroupResource(), object.GetName(), errors.New("it was changed"))
	}
	return nil
}

// next is a copy of an object with the next version.
func (s *server) next(o runtime.Object) runtime.Object {
	s.version++
	o = o.DeepCopyObject()
	object, _ := meta.Accessor(o)
	object.SetNamespace(namespace)
	object.SetResourceVersion(strconv.Itoa(s.version))
	return o
}

func resourceOf(o runtime.Object) schema.GroupVersionResource {
	switch o.(type) {
	case *corev1.Pod:
		return corev1.SchemeGroupVersion.WithResource("pods")
	case *corev1.Service:
		return corev1.SchemeGroupVersion.WithResource("services")
	case *corev1.ConfigMap:
		return corev1.SchemeGroupVersion.WithResource("configmaps")
	case *appsv1.StatefulSet:
		return appsv1.SchemeGroupVersion.WithResource("statefulsets")
	case *corev1.Event:
		return corev1.SchemeGroupVersion.WithResource("events")
	case *coordinationv1.Lease:
		return coordinationv1.SchemeGroupVersion.WithResource("leases")
	}
	panic("unknown kind")
}

// put stores an object as somebody else would.
func (s *server) put(o runtime.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o = s.next(o)
	object, _ := meta.Accessor(o)
	write := func() error { return s.Tracker().Update(resourceOf(o), o, namespace) }
	if _, err := s.Tracker().Get(resourceOf(o), namespace, object.GetName()); apierrors.IsNotFound(err) {
		write = func() error { return s.Tracker().Create(resourceOf(o), o, namespace) }
	}
	if err := write(); err != nil {
		panic(err)
	}
}

func (s *server) remove(o runtime.Object) {
	object, _ := meta.Accessor(o)
	if err := s.Tracker().Delete(resourceOf(o), namespace, object.GetName()); err != nil {
		panic(err)
	}
}

func (s *server) openWatch(action clienttesting.Action) (bool, watch.Interface, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return true, nil, s.down
	}
	w, err := s.Tracker().Watch(action.GetResource(), namespace)
	s.watches = append(s.watches, w)
	return true, w, err
}

// fail makes every request fail and breaks every watch; nil ends it.
func (s *server) fail(err error) {
	s.mu.Lock()
	s.down = err
	broken := s.watches
	s.watches = nil
	s.mu.Unlock()
	for _, w := range broken {
		w.Stop()
	}
}

// requests counts the requests of a verb for a resource since the last look.
func (s *server) requests(verb, resource string) int {
	n := 0
	for _, a := range s.Actions() {
		if a.Matches(verb, resource) {
			n++
		}
	}
	return n
}

// pods in the states that a kubelet reports.

type podOption func(*corev1.Pod)

func newPod(name, uid string, options ...podOption) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid), Labels: map[string]string{"app": "memgraph"}}}
	p.Status.Phase = corev1.PodPending
	for _, o := range options {
		o(p)
	}
	return p
}

func ip(address string) podOption { return func(p *corev1.Pod) { p.Status.PodIP = address } }

func createdAt(t time.Time) podOption {
	return func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(t) }
}

func deleted(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Now()} }

func phase(phase corev1.PodPhase) podOption { return func(p *corev1.Pod) { p.Status.Phase = phase } }

func container(state, last corev1.ContainerState) podOption {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{
			{Name: "sidecar", ContainerID: "containerd://5555555555555555", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
			{Name: DatabaseContainer, ContainerID: idOf(state, last), State: state, LastTerminationState: last},
		}
	}
}

func idOf(state, last corev1.ContainerState) string {
	switch {
	case state.Running != nil:
		return runningID
	case state.Terminated != nil:
		return state.Terminated.ContainerID
	case last.Terminated != nil:
		return last.Terminated.ContainerID
	}
	return ""
}

const runningID = "containerd://aaaaaaaaaaaaaaaaaaaaaaaa"

func runs(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	container(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}, corev1.ContainerState{})(p)
}

// runsAgain is a second container of the same pod.
func runsAgain(p *corev1.Pod) {
	runs(p)
	p.Status.ContainerStatuses[1].ContainerID = "containerd://bbbbbbbbbbbbbbbbbbbbbbbb"
	p.Status.ContainerStatuses[1].LastTerminationState = ended(runningID)
}

func ended(id string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ContainerID: id, ExitCode: 137}}
}

func waits(reason string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
}

func hasEnded(p *corev1.Pod) { container(ended(runningID), corev1.ContainerState{})(p) }

func crashLoops(p *corev1.Pod) { container(waits("CrashLoopBackOff"), ended(runningID))(p) }

func initializes(p *corev1.Pod) {
	container(waits("PodInitializing"), corev1.ContainerState{})(p)
}

func statefulSet(replicas int32) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "memgraph", UID: "uid-set"},
		Spec:       appsv1.StatefulSetSpec{Replicas: &replicas, ServiceName: "nodes"},
	}
}

// three is a running cluster of three.
func three() []runtime.Object {
	return []runtime.Object{
		statefulSet(3),
		newPod("memgraph-0", "uid-0", ip("10.0.0.1"), runs),
		newPod("memgraph-1", "uid-1", ip("10.0.0.2"), runs),
		newPod("memgraph-2", "uid-2", ip("10.0.0.3"), runs),
	}
}

// runFleet follows a server's objects until the test ends.
func runFleet(t *testing.T, s *server) *Fleet {
	t.Helper()
	fleet, err := NewFleet(s, config(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	background(t, fleet.Run)
	return fleet
}

// background runs something until the test ends, or until stop is called.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

// find is one instance of a fleet, as it is listed after everything settled.
func find(t *testing.T, fleet *Fleet, name string) controller.Process {
	t.Helper()
	synctest.Wait()
	for _, p := range fleet.List() {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "not listed", name)
	return controller.Process{}
}
