package mesh

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// life tells one life of a pod and its containers from the next.
type life struct {
	pod        types.UID
	containers map[string]string
}

func lifeOf(pod *corev1.Pod) life {
	l := life{pod.UID, map[string]string{}}
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil {
			l.containers[c.Name] = c.ContainerID
		}
	}
	return l
}

// lives are those of pods now. A pod that is not there has none.
func (m Mesh) lives(ctx context.Context, pods []string) (map[string]life, error) {
	lives := map[string]life{}
	for _, name := range pods {
		pod, err := m.Core.CoreV1().Pods(m.Namespace).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lives[name] = lifeOf(pod)
	}
	return lives, nil
}

// ended tells whether the lives from before a kill have ended.
func (f *Fault) ended(ctx context.Context) error {
	now, err := f.mesh.lives(ctx, f.pods)
	if err != nil {
		return err
	}
	for _, pod := range f.pods {
		before, was := f.lives[pod]
		if !was {
			return fmt.Errorf("pod %s was not there before it", pod)
		}
		if err := f.ends(before, now[pod]); err != nil {
			return fmt.Errorf("pod %s: %w", pod, err)
		}
	}
	return nil
}

// anotherPod is how a deleted pod ends: it is gone, or has a successor.
func anotherPod(before, now life) error {
	if before.pod == now.pod {
		return errors.New("it is still there")
	}
	return nil
}

// anotherContainer is how a killed container ends, in a pod that stays.
func anotherContainer(name string) func(before, now life) error {
	return func(before, now life) error {
		switch {
		case before.pod != now.pod:
			return errors.New("it was replaced, not its container alone")
		case before.containers[name] == "":
			return fmt.Errorf("container %s did not run before it", name)
		case before.containers[name] == now.containers[name]:
			return fmt.Errorf("container %s still runs", name)
		}
		return nil
	}
}
