package kube

import (
	"cmp"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// addressMemory is how long the address of a process is used after its pod
// object is gone, if nothing proves that the process is. A kubelet that works
// kills it within 3 s; then the network may give the address to somebody else.
const addressMemory = 10 * time.Second

// life is what is known of one pod name: its present pod, and the last process
// that ran under the name. They differ while a new pod has not started its
// container yet. It keeps a few fields instead of the objects.
type life struct {
	pod     *pod // nil while there is none
	process process
	// left is when the pod object of the process went.
	left time.Time
	// failures counts the starts in a row that did not hold; see judge.
	failures int
	// emptied: the data are set aside, and no start has held since.
	emptied bool
}

// settled is how long a process has to live for its start to count as a success.
const settled = 5 * time.Second

type pod struct {
	uid         types.UID
	ip          string
	moved       time.Time // when it was first seen with this address
	terminating bool
	ended       bool // its phase is final
	gate        corev1.PodCondition
	revision    string // of the template that it was made from
}

// process is one run of a container.
type process struct {
	id      string
	pod     types.UID
	ip      string
	started time.Time
	dead    bool
}

// see takes in a pod object.
func (l *life) see(p *corev1.Pod, container string, now time.Time) {
	if l.pod != nil && l.pod.uid != p.UID {
		l.lose(now) // its deletion was missed
	}
	moved := now
	switch {
	case l.pod != nil && l.pod.ip == p.Status.PodIP:
		moved = l.pod.moved
	case l.pod == nil && l.process.id == "":
		moved = now.Add(-max(0, now.Sub(p.CreationTimestamp.Time))) // of a pod that was there before this controller
	}
	l.pod = &pod{
		moved: moved, revision: p.Labels[appsv1.ControllerRevisionHashLabelKey],
		uid: p.UID, ip: p.Status.PodIP,
		terminating: p.DeletionTimestamp != nil,
		ended:       p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded,
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == ReadinessGate {
			l.pod.gate = condition
		}
	}
	for _, status := range p.Status.ContainerStatuses {
		if status.Name == container {
			l.hear(status, now)
		}
	}
}

// hear takes in what the kubelet reports of the container. A waiting one says
// something only by its last end: a kubelet that has just started itself may
// call a container waiting that runs.
func (l *life) hear(status corev1.ContainerStatus, now time.Time) {
	running, end := status.State.Running, cmp.Or(status.State.Terminated, status.LastTerminationState.Terminated)
	switch {
	case running != nil:
		l.run(processID(status.ContainerID, l.pod.uid), running.StartedAt.Time, now)
	case end == nil:
	case cmp.Or(end.ContainerID, status.ContainerID) != "":
		l.run(processID(cmp.Or(end.ContainerID, status.ContainerID), l.pod.uid), end.StartedAt.Time, now)
		l.die(end.FinishedAt.Time, now)
	case l.process.pod == l.pod.uid:
		l.die(now, now) // the kubelet knows that it is gone, but not its id any more
	}
}

// die takes note of the proof that the process has ended.
func (l *life) die(finished, now time.Time) {
	if l.process.dead {
		return
	}
	l.process.dead = true
	if finished.IsZero() || finished.After(now) {
		finished = now
	}
	l.judge(finished.Sub(l.process.started))
}

// judge counts the starts that failed. One that was ended on purpose says nothing
// unless it had held, nor does one without data.
func (l *life) judge(lived time.Duration) {
	switch {
	case lived >= settled:
		l.failures, l.emptied = 0, false
	case l.pod != nil && !l.pod.terminating && !l.emptied:
		l.failures++
	}
}

// run takes note of the process that runs, or ran last. That there is another
// one in the same pod proves the end of the one before; in a new pod it does not.
func (l *life) run(id string, started, now time.Time) {
	if id == "" {
		return
	}
	if id != l.process.id {
		if started.IsZero() || started.After(now) {
			started = now
		}
		if l.process.pod == l.pod.uid && !l.process.dead {
			l.judge(started.Sub(l.process.started)) // its end was missed
		}
		l.process = process{id: id, pod: l.pod.uid, started: started}
		l.left = time.Time{}
	}
	l.process.ip = cmp.Or(l.pod.ip, l.process.ip)
}

// processID is short enough to read (the first part is what crictl shows) and,
// with the pod's UID, never met again. Empty for a container without an id.
func processID(container string, pod types.UID) string {
	_, id, found := strings.Cut(container, "://")
	if !found || id == "" {
		return ""
	}
	return id[:min(len(id), 12)] + "-" + string(pod)
}

// lose takes note that the pod object is gone. That proves nothing.
func (l *life) lose(now time.Time) {
	if l.process.id == "" || l.process.pod == l.pod.uid {
		l.left = now
	}
	l.pod = nil
}

// moving: what a main connects to may not lead to the pod yet, for the delay after it
// got its address, or leads to where nobody is any more: the address of a pod that is
// gone swallows packets.
func (l *life) moving(now time.Time, delay time.Duration) bool {
	return l.pod == nil || now.Sub(l.pod.moved) < delay
}

// bereft: the pod of the process is gone, nothing proves that the process is,
// and no other has started in its place.
func (l *life) bereft() bool {
	return l.process.id != "" && !l.process.dead && (l.pod == nil || l.pod.uid != l.process.pod)
}

// terminating: somebody wants it stopped, and it is not known to have.
func (l *life) terminating() bool {
	if l.process.dead {
		return false
	}
	return l.bereft() || l.pod != nil && (l.pod.terminating || l.pod.ended)
}

// address is the IP to ask it at; empty when there is none. The address of a
// new pod is no place to ask after an old process: it refuses connections until
// its own has started, and that would pass for a proof of death.
func (l *life) address(now time.Time) string {
	if l.bereft() && now.Sub(l.left) < addressMemory {
		return l.process.ip
	}
	switch {
	case l.pod != nil && l.pod.ip != "":
		return l.pod.ip
	case l.process.dead:
		return l.process.ip // nobody asks the dead
	}
	return ""
}
