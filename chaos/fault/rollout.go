package fault

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Restart restarts the databases one after the other, as `kubectl rollout restart`
// does, and is healed when the last one is new.
func Restart(t Target) Fault {
	old := map[string]types.UID{}
	renewed := func(ctx context.Context) (n int, err error) {
		pods, err := t.Pods(ctx, t.Databases)
		for _, p := range pods {
			if before, known := old[p.Name]; known && before != p.UID {
				n++
			}
		}
		return n, err
	}
	atLeast := func(ctx context.Context, wanted int) error {
		n, err := renewed(ctx)
		if err == nil && n < wanted {
			err = fmt.Errorf("%d of %d pods were restarted", n, len(old))
		}
		return err
	}
	return Change{
		Title: "rollout restart",
		Find: func(ctx context.Context) error {
			clear(old)
			pods, err := t.Pods(ctx, t.Databases)
			for _, p := range pods {
				old[p.Name] = p.UID
			}
			return err
		},
		Do: func(ctx context.Context) error {
			patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339Nano))
			_, err := t.Kube.AppsV1().StatefulSets(t.Namespace).Patch(ctx, t.StatefulSet, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
			return err
		},
		Acts:   func(ctx context.Context) error { return atLeast(ctx, 1) },
		Undone: func(ctx context.Context) error { return atLeast(ctx, len(old)) },
	}
}
