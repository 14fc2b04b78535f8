package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"memgraph-controller/controller/kube/prestart"
)

// mercy is the grace period in seconds with which a pod is deleted whose process
// has to end. The kubelet kills no faster with 0 (it waits a second all the
// same, and two more after a preStop hook), but a pod object that is deleted with 0
// is gone at once: its successor may then start beside the old process, on
// another node even, and nobody learns when that has died.
const mercy = 1

// attemptAgain is how long after an attempt that failed the next one is made.
const attemptAgain = time.Second

// attempt is a try to end the process of a pod, and what came of it.
type attempt struct {
	pod  types.UID
	verb prestart.Verb
	err  error
	at   time.Time
}

// Restart leaves an order to forget the role and deletes the pod. It returns when
// both are stored: the process may live for another 3 s, in which the instance
// is Terminating, and the next one needs several seconds to start. To ask again
// meanwhile changes nothing and costs nothing.
func (f *Fleet) Restart(ctx context.Context, name string) error {
	if err := f.end(ctx, name, prestart.Restart, ""); err != nil {
		return fmt.Errorf("restart %s: %w", name, err)
	}
	return nil
}

// Reseed leaves an order to set the data aside and deletes the pod; see Restart.
// The order is carried out only if the record, at that moment, quarantines this
// very process.
func (f *Fleet) Reseed(ctx context.Context, name, reason string) error {
	if err := f.end(ctx, name, prestart.Reseed, reason); err != nil {
		return fmt.Errorf("reseed %s: %w", name, err)
	}
	return nil
}

// end ends the process of an instance once. The control loop asks again at once after
// an attempt that failed, and would flood an API server that is ill; and one that leads
// again has forgotten that it asked before.
func (f *Fleet) end(ctx context.Context, name string, verb prestart.Verb, reason string) error {
	process, err := f.running(name)
	if err != nil {
		return err
	}
	f.mu.Lock()
	last := f.attempts[name]
	f.mu.Unlock()
	if last.pod == process.pod && last.verb == verb && (last.err == nil || time.Since(last.at) < attemptAgain) {
		return last.err
	}
	err = f.replace(ctx, name, process, verb, reason)
	f.mu.Lock()
	f.attempts[name] = attempt{process.pod, verb, err, time.Now()}
	f.mu.Unlock()
	return err
}

// replace leaves the order, and only then deletes the pod.
func (f *Fleet) replace(ctx context.Context, name string, process process, verb prestart.Verb, reason string) error {
	order := prestart.Order{Do: verb, Pod: string(process.pod), Process: process.id, Reason: reason, At: time.Now()}
	if err := f.orders.put(ctx, name, order); err != nil {
		return err
	}
	grace := int64(mercy)
	if err := f.delete(ctx, name, process.pod, &grace); err != nil {
		return err
	}
	f.pods.update(func() {
		if l := f.pods.lives[name]; l.pod != nil && l.pod.uid == process.pod {
			l.pod.terminating = true // the watch will say so too
			if verb == prestart.Reseed {
				l.failures, l.emptied = 0, true
			}
		}
	})
	return nil
}

// running is the process of the present pod of an instance, alive or dead.
func (f *Fleet) running(name string) (process, error) {
	f.pods.mu.Lock()
	defer f.pods.mu.Unlock()
	l := f.pods.lives[name]
	switch {
	case l == nil || l.pod == nil:
		return process{}, errors.New("it has no pod at this moment")
	case l.process.id == "" || l.process.pod != l.pod.uid:
		return process{}, errors.New("its pod has not started it yet")
	}
	return l.process, nil
}

// delete deletes this very pod, with the pod's own grace period where none is given. The
// UID keeps a late request from hitting its successor.
func (f *Fleet) delete(ctx context.Context, name string, uid types.UID, grace *int64) error {
	err := f.client.CoreV1().Pods(f.config.Namespace).Delete(ctx, name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		return fmt.Errorf("its pod was replaced meanwhile: %w", err)
	case err != nil:
		return fmt.Errorf("delete its pod: %w", err)
	}
	return nil
}
