package kube

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/rollout"
	"memgraph-controller/controller/topology"
)

const (
	// rolloutEvery is how often it is looked whether a pod is to be restarted.
	rolloutEvery = 500 * time.Millisecond
	// freshStatus is how old the controller's word on the instances may be.
	freshStatus = 2 * time.Second
	// rolloutTimeout bounds one deletion.
	rolloutTimeout = 5 * time.Second
	// rolloutStuck is after how long on one pod an event says what is waited for.
	rolloutStuck = 5 * time.Minute
)

// Rollout restarts the database pods of a StatefulSet with the strategy OnDelete whose
// template has changed, in the order of package rollout. With RollingUpdate, Kubernetes
// does that by ordinals, and this does nothing.
type Rollout struct {
	// Status is the controller's, and Leads tells whether it leads: nobody else acts.
	Status func() api.Status
	Leads  func() bool
	Fleet  *Fleet
	Events interface {
		Normal(reason, note string)
		Warning(reason, note string)
	}
	Log *slog.Logger

	waits string    // what is waited for, as it was told last
	since time.Time // when the last pod was deleted, or the waiting began
}

// Run looks after the pods until ctx ends.
func (r *Rollout) Run(ctx context.Context) error {
	ticker := time.NewTicker(rolloutEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.look(ctx, time.Now())
		}
	}
}

// look deletes the next pod, if it is one's turn.
func (r *Rollout) look(ctx context.Context, now time.Time) {
	status := r.Status()
	if !r.Leads() || status.Epoch == 0 || now.Sub(status.Time) > freshStatus {
		return
	}
	cluster, uids := r.Fleet.rollout(status, now)
	pod, why := rollout.Next(cluster, now)
	switch {
	case pod != "":
		r.replace(ctx, pod, uids[pod], why, now)
	case why == "":
		r.waits, r.since = "", time.Time{}
	default:
		r.wait(why, now)
	}
}

func (r *Rollout) replace(ctx context.Context, pod string, uid types.UID, why string, now time.Time) {
	limited, cancel := context.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	if err := r.Fleet.retire(limited, pod, uid); err != nil {
		if ctx.Err() == nil {
			r.wait(fmt.Sprintf("the deletion of %s failed: %v", pod, err), now)
		}
		return
	}
	r.waits, r.since = "", now
	r.Log.Info("pod is replaced by one of the new template", "instance", pod, "why", why)
	r.Events.Normal("PodReplaced", fmt.Sprintf("%s is restarted with the new pod template: %s", pod, why))
}

// wait says what is waited for, once, and warns when it takes long.
func (r *Rollout) wait(why string, now time.Time) {
	if r.since.IsZero() {
		r.since = now
	}
	if why != r.waits {
		r.waits = why
		r.Log.Info("the next pod is not replaced yet", "why", why)
	}
	if now.Sub(r.since) > rolloutStuck {
		r.since = now
		r.Events.Warning("RolloutWaits", fmt.Sprintf("not all database pods have the new template, and none has been restarted for %s: %s", rolloutStuck, why))
	}
}

// rollout is what package rollout asks for, and the UIDs of the pods that it is about. A pod
// is in sync if the controller says so of the instance and the pod itself has been told: the
// first is newer, and the second is never about the pod before.
func (f *Fleet) rollout(status api.Status, now time.Time) (rollout.Cluster, map[string]types.UID) {
	f.mu.Lock()
	set := f.set
	f.mu.Unlock()
	c := rollout.Cluster{Record: status.Record, Paused: status.Paused != nil}
	if !set.onDelete || set.revision == "" {
		return c, nil
	}
	instances := map[string]api.Instance{}
	for _, i := range status.Instances {
		instances[i.Name] = i
	}
	uids := map[string]types.UID{}
	f.pods.mu.Lock()
	defer f.pods.mu.Unlock()
	for _, name := range f.names(set) {
		p := rollout.Pod{Name: name}
		p.Ordinal, _ = f.config.ordinal(name)
		if l := f.pods.lives[name]; l != nil && l.pod != nil {
			uids[name] = l.pod.uid
			p = l.rollout(p, set.revision, now)
		}
		i, known := instances[name]
		p.Recovering = i.Status == topology.StatusRecovery
		switch ok, why := inSync(status, i); {
		case !known:
			p.InSync, p.Why = false, "it was not looked at yet"
		case !ok:
			p.InSync, p.Why = false, why
		}
		c.Pods = append(c.Pods, p)
	}
	return c, uids
}

// rollout is what the pod says of itself.
func (l *life) rollout(p rollout.Pod, revision string, now time.Time) rollout.Pod {
	p.Present = true
	p.Ending = l.pod.terminating
	p.Outdated = l.pod.revision != "" && l.pod.revision != revision
	p.Running = l.process.pod == l.pod.uid && l.process.id != "" && !l.process.dead
	p.InSync = l.pod.gate.Status == corev1.ConditionTrue && p.Running
	if !p.InSync {
		p.Why = "its pod has not been told that it is in sync"
	}
	switch told := l.pod.gate; {
	case told.Status == corev1.ConditionTrue:
		p.Since = now // it was in sync a moment ago, if it is not now
	case told.LastTransitionTime.After(l.pod.moved):
		p.Since = told.LastTransitionTime.Time
	default:
		p.Since = l.pod.moved // it never was
	}
	return p
}

// retire deletes a pod with all the time that it has to hand over its office.
func (f *Fleet) retire(ctx context.Context, name string, uid types.UID) error {
	if err := f.delete(ctx, name, uid, nil); err != nil {
		return err
	}
	f.pods.update(func() {
		if l := f.pods.lives[name]; l != nil && l.pod != nil && l.pod.uid == uid {
			l.pod.terminating = true // the watch will say so too
		}
	})
	return nil
}
