package kube

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
)

// roster keeps the lives of the pods of one label selector.
type roster struct {
	container string
	accepts   func(name string) bool
	changes   chan struct{}

	mu     sync.Mutex
	listed bool
	lives  map[string]*life
}

func newRoster(container string, accepts func(string) bool) *roster {
	return &roster{container: container, accepts: accepts, changes: make(chan struct{}, 1), lives: map[string]*life{}}
}

// feed is where the roster's pods come from.
func (r *roster) feed(client kubernetes.Interface, namespace, selector string) feed {
	f := newFeed("pods "+selector, client.CoreV1().Pods(namespace), metav1.ListOptions{LabelSelector: selector})
	f.replace = r.replace
	f.changed = func(o runtime.Object) { r.update(func() { r.see(o) }) }
	f.gone = func(o runtime.Object) { r.update(func() { r.bury(o) }) }
	return f
}

// update changes the roster and tells of it.
func (r *roster) update(change func()) {
	r.mu.Lock()
	change()
	r.mu.Unlock()
	r.signal()
}

func (r *roster) signal() {
	select {
	case r.changes <- struct{}{}:
	default: // a value that nobody has taken yet tells of this change too
	}
}

func (r *roster) replace(objects []runtime.Object) {
	r.update(func() {
		there := map[string]bool{}
		for _, o := range objects {
			there[r.see(o)] = true
		}
		for name, l := range r.lives {
			if !there[name] && l.pod != nil {
				r.lose(l)
			}
		}
		r.listed = true
	})
}

// see takes in a pod and returns its name; empty if it is none of ours.
func (r *roster) see(o runtime.Object) string {
	pod, ok := o.(*corev1.Pod)
	if !ok || !r.accepts(pod.Name) {
		return ""
	}
	l := r.lives[pod.Name]
	if l == nil {
		l = &life{}
		r.lives[pod.Name] = l
	}
	left, old, now := l.left, l.pod, time.Now()
	l.see(pod, r.container, now)
	r.arrive(l.pod, old, now)
	r.expire(l, left)
	return pod.Name
}

// arrive tells of the change when the Service, and when the name of a pod with a new
// address surely leads there, also of one that had it a moment before this controller
// began to look.
func (r *roster) arrive(now, before *pod, at time.Time) {
	if before != nil && before.moved.Equal(now.moved) {
		return
	}
	for _, delay := range []time.Duration{serviceDelay, nameDelay} {
		if rest := delay - at.Sub(now.moved); rest > 0 {
			time.AfterFunc(rest, r.signal)
		}
	}
}

// bury takes in the last state of a pod object, and that it is gone.
func (r *roster) bury(o runtime.Object) {
	if l := r.lives[r.see(o)]; l != nil {
		r.lose(l)
	}
}

func (r *roster) lose(l *life) {
	before := l.left
	l.lose(time.Now())
	r.expire(l, before)
}

// expire tells of the change when the address of a process that was just left
// without its pod is not used any more.
func (r *roster) expire(l *life, before time.Time) {
	if l.left != before && l.bereft() {
		time.AfterFunc(addressMemory, r.signal)
	}
}
