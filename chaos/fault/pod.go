package fault

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// deletion deletes pods.
type deletion struct {
	target    Target
	victim    Victim
	grace     *int64
	name      string
	pods      []corev1.Pod
	processes []node.Process
}

// Delete deletes the pods of a victim by force: they leave the API at once, while
// their processes may live on for a second or more, which is long enough for a main
// to hand over.
func Delete(t Target, v Victim) Fault {
	return &deletion{target: t, victim: v, grace: fleet.ByForce(), name: "delete " + string(v)}
}

// Retire deletes the pods of a victim in their own time: they are announced first,
// and stop by themselves.
func Retire(t Target, v Victim) Fault {
	return &deletion{target: t, victim: v, name: "retire " + string(v)}
}

func (d *deletion) Name() string { return d.name }

func (d *deletion) Prepare(ctx context.Context) error {
	pods, container, err := d.target.find(ctx, d.victim)
	if err != nil {
		return err
	}
	d.pods, d.processes = pods, nil
	for i := range pods {
		process, err := fleet.Process(ctx, &pods[i], container)
		if err != nil {
			return err
		}
		d.processes = append(d.processes, process)
	}
	return nil
}

func (d *deletion) Inject(ctx context.Context) error {
	for i := range d.pods {
		if err := d.target.DeletePod(ctx, &d.pods[i], d.grace); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// Injected waits for the ends of the processes: the API forgets a pod before that.
func (d *deletion) Injected(ctx context.Context) error {
	for i, p := range d.processes {
		there, err := p.Alive(ctx)
		if err == nil && there {
			err = fmt.Errorf("the process of %s is there", d.pods[i].Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *deletion) Heal(context.Context) error { return nil }

// Healed waits for successors that have an address: those of databases have the
// same names, those of controllers have others.
func (d *deletion) Healed(ctx context.Context) error {
	for i := range d.pods {
		pod, err := d.target.Pod(ctx, d.pods[i].Name)
		switch {
		case apierrors.IsNotFound(err) && d.pods[i].Labels["app.kubernetes.io/component"] == "controller":
			continue
		case err != nil:
			return err
		case pod.UID == d.pods[i].UID:
			return fmt.Errorf("pod %s is still there", pod.Name)
		case pod.Status.PodIP == "":
			return fmt.Errorf("the new pod %s has no address yet", pod.Name)
		}
	}
	return nil
}
