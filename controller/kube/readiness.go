package kube

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	// gateCalm is how long a pod's condition is left alone that says the right
	// thing for another reason, or that was sent and is not seen yet.
	gateCalm = 10 * time.Second
	// gateRetry is how long after a request that failed it is made again.
	gateRetry = time.Second
	// gateTimeout bounds one request.
	gateTimeout = 2 * time.Second
	gateQueue   = 64
)

// Readiness keeps the readiness gate of the database pods. Report it what is,
// again and again: it compares with what the pods say and patches what differs.
// It remembers no wishes, so a controller that ceased to lead, and reports no
// more, disputes nothing with the next one. Its methods may be called from any
// goroutine.
type Readiness struct {
	pods  coreclient.PodInterface
	fleet *Fleet
	log   *slog.Logger
	queue chan verdict

	mu   sync.Mutex
	sent map[string]sent
}

// verdict is what a pod's condition should be.
type verdict struct {
	name      string
	pod       types.UID
	condition corev1.PodCondition
}

// sent is what a pod was last told, and until when that is left alone.
type sent struct {
	pod    types.UID
	status corev1.ConditionStatus
	calm   time.Time
}

// NewReadiness keeps the readiness gates of a fleet's pods.
func NewReadiness(client kubernetes.Interface, fleet *Fleet, log *slog.Logger) *Readiness {
	return &Readiness{
		pods: client.CoreV1().Pods(fleet.config.Namespace), fleet: fleet, log: log,
		queue: make(chan verdict, gateQueue), sent: map[string]sent{},
	}
}

// Report says whether an instance is in sync now, and why or why not in one
// sentence. It costs nothing when the pod says so already, and never blocks.
func (r *Readiness) Report(name string, inSync bool, why string) {
	uid, has, err := r.fleet.gate(name)
	if err != nil {
		return // there is no pod that could be told
	}
	status, reason := corev1.ConditionFalse, "NotInSync"
	if inSync {
		status, reason = corev1.ConditionTrue, "InSync"
	}
	if has.Status == status && has.Message == why {
		return
	}
	want := corev1.PodCondition{Type: ReadinessGate, Status: status, Reason: reason, Message: why, LastTransitionTime: has.LastTransitionTime}
	now := time.Now()
	if has.Status != status {
		want.LastTransitionTime = metav1.NewTime(now)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.sent[name]
	if last.pod == uid && last.status == status && now.Before(last.calm) {
		return
	}
	select {
	case r.queue <- verdict{name, uid, want}:
		r.sent[name] = sent{uid, status, now.Add(gateCalm)}
	default: // it will be reported again
	}
}

// Run sends what was reported until ctx ends.
func (r *Readiness) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case v := <-r.queue:
			r.patch(ctx, v)
		}
	}
}

// patch changes this one condition of this very pod: the UID keeps it from its
// successor, which the API server checks.
func (r *Readiness) patch(ctx context.Context, v verdict) {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": v.pod},
		"status":   map[string]any{"conditions": []corev1.PodCondition{v.condition}},
	})
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, gateTimeout)
		_, err = r.pods.Patch(limited, v.name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
		cancel()
	}
	if err != nil && ctx.Err() == nil {
		r.log.Warn("readiness not told", "instance", v.name, "in_sync", v.condition.Status, "error", err)
		r.mu.Lock()
		r.sent[v.name] = sent{v.pod, v.condition.Status, time.Now().Add(gateRetry)}
		r.mu.Unlock()
	}
}
