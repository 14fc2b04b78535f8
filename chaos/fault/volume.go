package fault

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
)

// LoseVolume removes the volume of a database with its data, and its pod: a new
// instance comes back, empty, under the same name.
func LoseVolume(t Target, v Victim) Fault {
	var (
		pod *corev1.Pod
		old *corev1.PersistentVolumeClaim
	)
	claims := t.Kube.CoreV1().PersistentVolumeClaims(t.Namespace)
	return Change{
		Title: "lose volume of " + string(v),
		Find: func(ctx context.Context) (err error) {
			if pod, _, err = t.one(ctx, v); err != nil {
				return err
			}
			name, err := fleet.Claim(pod)
			if err == nil {
				old, err = claims.Get(ctx, name, metav1.GetOptions{})
			}
			return err
		},
		Do: func(ctx context.Context) error {
			err := claims.Delete(ctx, old.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &old.UID}})
			return errors.Join(err, t.DeletePod(ctx, pod, fleet.ByForce()))
		},
		Acts: func(ctx context.Context) error {
			now, err := claims.Get(ctx, old.Name, metav1.GetOptions{})
			if err == nil && now.UID == old.UID {
				err = fmt.Errorf("volume %s is still there", old.Name)
			}
			return err
		},
		Undone: func(ctx context.Context) error { return t.replaced(ctx, pod) },
	}
}

// replaced tells that a pod has a successor, with another address.
func (t Target) replaced(ctx context.Context, old *corev1.Pod) error {
	pod, err := t.Pod(ctx, old.Name)
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
