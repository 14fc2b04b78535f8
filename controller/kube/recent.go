package kube

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/controller/api"
)

// recentKept is how many Events are kept: what a page has room for, and some.
const recentKept = 50

// Recent keeps the newest Events about the databases: those that any controller made, and
// what Kubernetes says of the StatefulSet and its pods (a probe that failed, a pod that no
// node has room for, a process that ran out of memory). People see them on the status page.
type Recent struct {
	client kubernetes.Interface
	config Config
	log    *slog.Logger

	mu    sync.Mutex
	known map[string]api.Event // by the Event's own name
}

// NewRecent knows none before Run.
func NewRecent(client kubernetes.Interface, config Config, log *slog.Logger) *Recent {
	return &Recent{client: client, config: config, log: log, known: map[string]api.Event{}}
}

// Run follows the Events until ctx ends.
func (r *Recent) Run(ctx context.Context) error {
	f := newFeed("events", r.client.CoreV1().Events(r.config.Namespace), metav1.ListOptions{})
	f.replace = func(objects []runtime.Object) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, o := range objects {
			r.see(o)
		}
	}
	f.changed = func(o runtime.Object) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.see(o)
	}
	// What Kubernetes forgets after an hour may still be of interest, and stays here.
	f.gone = func(runtime.Object) {}
	f.follow(ctx, r.log)
	return nil
}

// see keeps an Event about the databases, in the place of the oldest where there is no
// room. The caller holds r.mu.
func (r *Recent) see(o runtime.Object) {
	e, ok := o.(*corev1.Event)
	if !ok || !r.concerns(e.InvolvedObject) {
		return
	}
	r.known[e.Name] = api.Event{
		Time: Happened(e), Warning: e.Type == corev1.EventTypeWarning, Object: e.InvolvedObject.Kind + " " + e.InvolvedObject.Name,
		Reason: e.Reason, Text: e.Message, Count: max(1, int(e.Count)),
	}
	if len(r.known) > recentKept {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(r.known)), func(a, b string) int { return r.known[a].Time.Compare(r.known[b].Time) })
		delete(r.known, oldest)
	}
}

// concerns tells whether an object is the StatefulSet, one of its pods or of their volumes.
func (r *Recent) concerns(o corev1.ObjectReference) bool {
	switch o.Kind {
	case "StatefulSet":
		return o.Name == r.config.StatefulSet
	case "Pod":
		return r.config.owns(o.Name)
	case "PersistentVolumeClaim": // CLAIM-STATEFULSET-N
		_, ordinal, ok := strings.Cut(o.Name, "-"+r.config.StatefulSet+"-")
		return ok && r.config.owns(r.config.StatefulSet+"-"+ordinal)
	}
	return false
}

// Happened is when an Event was seen last, in whichever of its fields that stands.
func Happened(e *corev1.Event) time.Time {
	if e.Series != nil {
		return e.Series.LastObservedTime.Time
	}
	for _, t := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return e.CreationTimestamp.Time
}

// List returns the Events, oldest first. It never blocks for long.
func (r *Recent) List() []api.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.known), func(a, b api.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Object+a.Reason+a.Text, b.Object+b.Reason+b.Text))
	})
}
