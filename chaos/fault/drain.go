package fault

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// evictWithin is how long budgets may forbid an eviction.
const evictWithin = 90 * time.Second

// Drain drains the node of a victim as `kubectl drain` does: nothing more is
// scheduled to it, and its pods are evicted, as far as budgets allow. Heal lets
// pods come back.
func Drain(t Target, v Victim) Fault {
	var name string
	return Change{
		Title: "drain node of " + string(v),
		Find: func(ctx context.Context) error {
			pod, _, err := t.one(ctx, v)
			if err == nil {
				name = pod.Spec.NodeName
			}
			return err
		},
		Do: func(ctx context.Context) error {
			if err := t.schedule(ctx, name, false); err != nil {
				return err
			}
			return t.evict(ctx, name)
		},
		Acts: func(ctx context.Context) error {
			left, err := t.evictable(ctx, name)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("%d pods are left on it, %s among them", len(left), left[0].Name)
			}
			return err
		},
		Undo: func(ctx context.Context) error {
			if name == "" {
				return nil
			}
			return t.schedule(ctx, name, true)
		},
	}
}

// schedule says whether pods may be scheduled to a node.
func (t Target) schedule(ctx context.Context, nodeName string, may bool) error {
	patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, !may)
	_, err := t.Kube.CoreV1().Nodes().Patch(ctx, nodeName, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// evictable lists the pods that a drain moves off a node: not those of a
// DaemonSet, nor the kubelet's own.
func (t Target) evictable(ctx context.Context, nodeName string) (pods []corev1.Pod, err error) {
	list, err := t.Kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + nodeName})
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
func (t Target) evict(ctx context.Context, nodeName string) error {
	pods, err := t.evictable(ctx, nodeName)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, evictWithin)
	defer cancel()
	for _, p := range pods {
		for {
			err := t.Kube.CoreV1().Pods(p.Namespace).EvictV1(ctx, &policyv1.Eviction{
				ObjectMeta:    metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace},
				DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}},
			})
			if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
				break
			}
			if !apierrors.IsTooManyRequests(err) || ctx.Err() != nil {
				return fmt.Errorf("evict %s/%s: %w", p.Namespace, p.Name, err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return nil
}
