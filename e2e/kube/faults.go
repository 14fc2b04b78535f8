package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/fleet"
)

// Fault is something done to a release.
type Fault struct {
	Name string
	// Inject does it.
	Inject func(context.Context) error
	// Took returns nil once it was seen to have taken effect.
	Took func(context.Context) error
	// Within is how long it may take until it has; 0: tookWithin.
	Within time.Duration
	// Over tells, by what a controller says, that clients are served again.
	Over func(api.Status) bool
	// Heal takes it back; nil: it heals by itself.
	Heal func(context.Context) error
}

const (
	// tookWithin is how long a fault may take until it is seen to have had effect:
	// a pod that ends in its own time needs its grace period.
	tookWithin = 90 * time.Second
	// rolloutWithin is the same for all pods of a StatefulSet, one after the other.
	rolloutWithin = 6 * time.Minute
	// overWithin is how long clients may have to wait. What is promised is far
	// less and is judged from their side; this only ends the wait.
	overWithin = 60 * time.Second
)

// Round injects one fault while the load goes on, waits until the release is
// whole again, and keeps the longest time in which no write was acknowledged.
func (l *Load) Round(ctx context.Context, f Fault) {
	s := l.s
	s.Helper()
	before := l.steady(ctx, l.rate, "before "+f.Name)
	began := time.Now()
	check(s, f.Inject(ctx), f.Name)
	healed := f.Heal == nil
	defer func() {
		if !healed { // the test ends early
			if err := f.Heal(context.WithoutCancel(ctx)); err != nil {
				s.Errorf("heal %s: %v", f.Name, err)
			}
		}
	}()
	s.took(ctx, f)
	if f.Over != nil {
		s.Until(ctx, s, "clients are served after "+f.Name, overWithin, f.Over)
	}
	l.Acknowledged(ctx, 20, overWithin)
	if !healed {
		check(s, f.Heal(ctx), "heal "+f.Name)
		healed = true
	}
	s.Whole(ctx, s)
	l.steady(ctx, before, "after "+f.Name)
	gap := l.History().Gap(began.Add(-100*time.Millisecond), time.Now())
	s.Logf("%s: %s without an acknowledged write, whole after %s", f.Name, gap.Round(time.Millisecond), time.Since(began).Round(time.Second))
	l.gaps = append(l.gaps, gap)
}

// took waits until a fault has taken effect. One that has none proves nothing.
func (s *Scenario) took(ctx context.Context, f Fault) {
	s.Helper()
	var last error
	for deadline := time.Now().Add(cmp.Or(f.Within, tookWithin)); ; s.pass(ctx, poll) {
		if last = f.Took(ctx); last == nil {
			return
		}
		if time.Now().After(deadline) {
			s.Void("%s had no effect: %v", f.Name, last)
		}
	}
}

func check(s *Scenario, err error, what string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}

// DeletionOf deletes the pod of an instance: with its own grace period when grace
// is nil, by force when it is 0.
func (s *Scenario) DeletionOf(ctx context.Context, instance string, grace *int64) Fault {
	s.Helper()
	pod, err := s.Pod(ctx, instance)
	check(s, err, "pod "+instance)
	return Fault{
		Name:   "deletion of " + instance,
		Inject: func(ctx context.Context) error { return s.DeletePod(ctx, pod, grace) },
		Took:   s.replaced(pod),
	}
}

// replaced tells that a pod has a successor, with another address.
func (s *Scenario) replaced(old *corev1.Pod) func(context.Context) error {
	return func(ctx context.Context) error {
		pod, err := s.Pod(ctx, old.Name)
		switch {
		case err != nil:
			return err
		case pod.UID == old.UID:
			return fmt.Errorf("pod %s is still there", old.Name)
		case pod.Status.PodIP == "":
			return fmt.Errorf("the new pod %s has no address yet", old.Name)
		}
		return nil
	}
}

// KillOf kills the process of an instance from its node: no API call announces
// it, and the kubelet starts the container again.
func (s *Scenario) KillOf(ctx context.Context, instance string) Fault {
	s.Helper()
	pod, err := s.Pod(ctx, instance)
	check(s, err, "pod "+instance)
	process, err := fleet.Process(ctx, pod, fleet.Database)
	check(s, err, "process of "+instance)
	old := identify(pod, fleet.Database)
	return Fault{
		Name:   "kill of " + instance,
		Inject: func(ctx context.Context) error { return process.Signal(ctx, "KILL") },
		Took: func(ctx context.Context) error {
			pod, err := s.Pod(ctx, instance)
			if err != nil {
				return err
			}
			now := identify(pod, fleet.Database)
			if now.pod != old.pod {
				return errors.New("the pod was replaced, not its process alone")
			}
			if now.container == old.container {
				return errors.New("its process still runs")
			}
			return nil
		},
	}
}

// LossOf removes the volume of an instance with its data, and its pod.
func (s *Scenario) LossOf(ctx context.Context, instance string) Fault {
	s.Helper()
	pod, err := s.Pod(ctx, instance)
	check(s, err, "pod "+instance)
	name, err := claim(pod)
	check(s, err, "volume of "+instance)
	claims := s.Client.CoreV1().PersistentVolumeClaims(s.Namespace)
	old, err := claims.Get(ctx, name, metav1.GetOptions{})
	check(s, err, "volume of "+instance)
	return Fault{
		Name: "loss of the volume of " + instance,
		Inject: func(ctx context.Context) error {
			err := claims.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &old.UID}})
			return errors.Join(err, s.DeletePod(ctx, pod, fleet.ByForce()))
		},
		Took: func(ctx context.Context) error {
			now, err := claims.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if now.UID == old.UID {
				return errors.New("the volume is still there")
			}
			return s.replaced(pod)(ctx)
		},
	}
}

// DrainOf drains a node as `kubectl drain` does: nothing more is scheduled to it,
// and its pods are evicted, as far as budgets allow. Heal lets pods come back.
func (s *Scenario) DrainOf(ctx context.Context, nodeName string) Fault {
	return Fault{
		Name: "drain of " + nodeName,
		Inject: func(ctx context.Context) error {
			if err := s.schedule(ctx, nodeName, false); err != nil {
				return err
			}
			return s.evict(ctx, nodeName)
		},
		Took: func(ctx context.Context) error {
			left, err := s.evictable(ctx, nodeName)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("%d pods are left on it, %s among them", len(left), left[0].Name)
			}
			return err
		},
		Heal: func(ctx context.Context) error { return s.schedule(ctx, nodeName, true) },
	}
}

// schedule says whether pods may be scheduled to a node.
func (r *Release) schedule(ctx context.Context, nodeName string, may bool) error {
	patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, !may)
	_, err := r.Client.CoreV1().Nodes().Patch(ctx, nodeName, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// evictable lists the pods that a drain moves off a node: not those of a
// DaemonSet, nor the kubelet's own.
func (r *Release) evictable(ctx context.Context, nodeName string) (pods []corev1.Pod, err error) {
	list, err := r.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + nodeName})
	if err != nil {
		return nil, err
	}
	for _, p := range list.Items {
		owner := metav1.GetControllerOf(&p)
		if owner != nil && owner.Kind != "DaemonSet" && owner.Kind != "Node" {
			pods = append(pods, p)
		}
	}
	return pods, nil
}

// evict asks for the eviction of all pods that a drain moves, again and again
// while budgets forbid one.
func (r *Release) evict(ctx context.Context, nodeName string) error {
	pods, err := r.evictable(ctx, nodeName)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tookWithin)
	defer cancel()
	for _, p := range pods {
		for {
			err := r.Client.CoreV1().Pods(p.Namespace).EvictV1(ctx, &policyv1.Eviction{
				ObjectMeta:    metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace},
				DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}},
			})
			if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
				break
			}
			if !apierrors.IsTooManyRequests(err) || ctx.Err() != nil {
				return fmt.Errorf("evict %s/%s: %w", p.Namespace, p.Name, err)
			}
			time.Sleep(time.Second)
		}
	}
	return nil
}

// Restart restarts the databases one after the other, as `kubectl rollout
// restart` does.
func (s *Scenario) Restart(ctx context.Context) Fault {
	s.Helper()
	old := s.lives(ctx)
	return Fault{
		Name: "rollout restart", Within: rolloutWithin,
		Inject: func(ctx context.Context) error {
			patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339Nano))
			_, err := s.Client.AppsV1().StatefulSets(s.Namespace).Patch(ctx, s.StatefulSet, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
			return err
		},
		Took: func(ctx context.Context) error {
			return s.renewed(ctx, old)
		},
	}
}

// lives is who the databases are now.
func (s *Scenario) lives(ctx context.Context) map[string]identity {
	s.Helper()
	pods, err := s.Pods(ctx, s.Databases)
	check(s, err, "pods of the databases")
	lives := map[string]identity{}
	for i := range pods {
		lives[pods[i].Name] = identify(&pods[i], fleet.Database)
	}
	return lives
}

// renewed tells that every database has another pod than before.
func (s *Scenario) renewed(ctx context.Context, old map[string]identity) error {
	for name, before := range old {
		pod, err := s.Pod(ctx, name)
		if err != nil {
			return err
		}
		if pod.UID == before.pod {
			return fmt.Errorf("pod %s was not restarted yet", name)
		}
	}
	return nil
}
