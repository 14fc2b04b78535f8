package kube

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/controller"
)

// Fleet is the pods of one StatefulSet. Its methods may be called from any
// goroutine. It knows nothing before Run has read the StatefulSet, its pods and their
// Services: see Listed.
type Fleet struct {
	config Config
	client kubernetes.Interface
	orders *OrderBook
	log    *slog.Logger
	pods   *roster
	// services are the Services of the instances.
	services *addressBook
	listed   chan struct{} // closed when everything was read for the first time

	mu       sync.Mutex
	set      set
	attempts map[string]attempt // the last one to end the process of an instance
}

var _ controller.Fleet = (*Fleet)(nil)

// set is what is kept of the StatefulSet.
type set struct {
	uid             types.UID // empty until it was seen
	first, replicas int
	service         string
	// onDelete: it leaves updates to whoever deletes pods, that is to Rollout; revision is
	// that of the present template, empty until Kubernetes has taken it in.
	onDelete bool
	revision string
}

// NewFleet checks config and makes a fleet. Nothing happens before Run.
func NewFleet(client kubernetes.Interface, config Config, log *slog.Logger) (*Fleet, error) {
	if err := config.Check(); err != nil {
		return nil, err
	}
	f := &Fleet{
		config: config, client: client, log: log, orders: NewOrderBook(client, config),
		listed: make(chan struct{}), attempts: map[string]attempt{},
	}
	f.pods = newRoster(DatabaseContainer, config.owns)
	f.services = newAddressBook(config.owns, f.pods.signal)
	return f, nil
}

// Run follows the StatefulSet, its pods and their Services until ctx ends.
func (f *Fleet) Run(ctx context.Context) error {
	var feeds sync.WaitGroup
	feeds.Go(func() { f.setFeed().follow(ctx, f.log) })
	feeds.Go(func() { f.podFeed().follow(ctx, f.log) })
	feeds.Go(func() { f.serviceFeed().follow(ctx, f.log) })
	feeds.Wait()
	return nil
}

// Listed is closed when List is complete for the first time. The controller must
// not run before: an instance that is not listed counts as silent, and a main
// that is silent is replaced.
func (f *Fleet) Listed() <-chan struct{} { return f.listed }

func (f *Fleet) podFeed() feed {
	feed := f.pods.feed(f.client, f.config.Namespace, f.config.Instances)
	feed.replace = func(objects []runtime.Object) {
		f.pods.replace(objects)
		f.complete()
	}
	return feed
}

func (f *Fleet) serviceFeed() feed {
	feed := f.services.feed(f.client, f.config.Namespace, f.config.Instances)
	feed.replace = func(objects []runtime.Object) {
		f.services.replace(objects)
		f.complete()
	}
	return feed
}

func (f *Fleet) setFeed() feed {
	return single("StatefulSet", f.config.StatefulSet, f.client.AppsV1().StatefulSets(f.config.Namespace), f.follow)
}

// follow takes in the StatefulSet. That there is none changes nothing: it may be
// deleted and made anew around its pods, which is how fields of it are changed
// that cannot be changed.
func (f *Fleet) follow(s *appsv1.StatefulSet) {
	if s == nil {
		return
	}
	seen := set{uid: s.UID, replicas: 1, service: s.Spec.ServiceName}
	if s.Spec.Replicas != nil {
		seen.replicas = int(*s.Spec.Replicas)
	}
	if s.Spec.Ordinals != nil {
		seen.first = int(s.Spec.Ordinals.Start)
	}
	seen.onDelete = s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
	if s.Status.ObservedGeneration >= s.Generation {
		seen.revision = s.Status.UpdateRevision
	}
	f.mu.Lock()
	same := seen == f.set
	f.set = seen
	f.mu.Unlock()
	if !same {
		f.complete()
		f.pods.signal()
	}
}

// complete closes listed when the StatefulSet, its pods and their Services were read.
func (f *Fleet) complete() {
	f.pods.mu.Lock()
	listed := f.pods.listed && f.services.read()
	f.pods.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.listed:
	default:
		if listed && f.set.uid != "" {
			close(f.listed)
			f.pods.signal()
		}
	}
}

// Changes receives a value after changes of what List returns.
func (f *Fleet) Changes() <-chan struct{} { return f.pods.changes }

// List returns every instance that the StatefulSet should have, and those that
// still have a pod, sorted by name. One without a pod keeps its last process, so
// that a proof of death outlives the pod object. It is empty until the StatefulSet,
// its pods and their Services were read.
func (f *Fleet) List() []controller.Process {
	select {
	case <-f.listed:
	default:
		return nil
	}
	f.mu.Lock()
	set := f.set
	f.mu.Unlock()
	f.pods.mu.Lock()
	defer f.pods.mu.Unlock()
	now := time.Now()
	var list []controller.Process
	for _, name := range f.names(set) {
		l := f.pods.lives[name]
		if l == nil {
			l = &life{}
		}
		list = append(list, f.describe(name, l, set, now))
	}
	return list
}

// names are the pods that there should be and those that are, sorted.
func (f *Fleet) names(set set) []string {
	var names []string
	for n := range set.replicas {
		names = append(names, f.config.StatefulSet+"-"+strconv.Itoa(set.first+n))
	}
	for name, l := range f.pods.lives {
		if l.pod != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// describe is one instance as the control loop knows it. Where there is no
// address to ask at, the stable name takes its place: it does not resolve while
// there is no pod, and never to anything but the instance.
func (f *Fleet) describe(name string, l *life, set set, now time.Time) controller.Process {
	host, delay := f.host(name, set, now)
	return controller.Process{
		Name:        name,
		Bolt:        net.JoinHostPort(cmp.Or(l.address(now), f.dnsName(name, set)), strconv.Itoa(BoltPort)),
		Replication: net.JoinHostPort(host, strconv.Itoa(ReplicationPort)),
		ID:          l.process.id, Started: l.process.started,
		Dead: l.process.dead, Terminating: l.terminating(), Failures: l.failures, Moving: l.moving(now, delay),
	}
}

// StatefulSet refers to the StatefulSet, as the object of events.
func (f *Fleet) StatefulSet() *corev1.ObjectReference {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &corev1.ObjectReference{
		APIVersion: "apps/v1", Kind: "StatefulSet",
		Namespace: f.config.Namespace, Name: f.config.StatefulSet, UID: f.set.uid,
	}
}

// gate is the present pod of an instance and its readiness condition.
func (f *Fleet) gate(name string) (types.UID, corev1.PodCondition, error) {
	f.pods.mu.Lock()
	defer f.pods.mu.Unlock()
	l := f.pods.lives[name]
	if l == nil || l.pod == nil {
		return "", corev1.PodCondition{}, fmt.Errorf("%s has no pod at this moment", name)
	}
	return l.pod.uid, l.pod.gate, nil
}
