package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"memgraph-controller/e2e/kube/node"
)

// Pod returns a pod of the release.
func (r *Release) Pod(ctx context.Context, name string) (*corev1.Pod, error) {
	return r.Client.CoreV1().Pods(r.Namespace).Get(ctx, name, metav1.GetOptions{})
}

// Pods lists the pods of a selector, those of the release's databases or
// controllers, without those that are being deleted.
func (r *Release) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	list, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil {
			pods = append(pods, p)
		}
	}
	return pods, nil
}

// DeletePod deletes this very pod: with its own grace period when grace is nil,
// by force when it is 0.
func (r *Release) DeletePod(ctx context.Context, pod *corev1.Pod, grace *int64) error {
	return r.Client.CoreV1().Pods(r.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: &metav1.Preconditions{UID: &pod.UID},
	})
}

// byForce is the grace period of `kubectl delete --force`.
func byForce() *int64 { return new(int64) }

// Process finds the process of a pod's container on its node.
func (c *Cluster) Process(ctx context.Context, pod *corev1.Pod, container string) (node.Process, error) {
	status, err := containerStatus(pod, container)
	if err != nil {
		return node.Process{}, err
	}
	return node.Node{Name: pod.Spec.NodeName}.Process(ctx, status.ContainerID)
}

func containerStatus(pod *corev1.Pod, container string) (corev1.ContainerStatus, error) {
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == container {
			return status, nil
		}
	}
	return corev1.ContainerStatus{}, fmt.Errorf("pod %s/%s has no container %s yet", pod.Namespace, pod.Name, container)
}

// identity tells one life of a pod's container from the next.
type identity struct {
	pod       types.UID
	container string
	ip        string
}

func identify(pod *corev1.Pod, container string) identity {
	status, err := containerStatus(pod, container)
	if err != nil {
		return identity{pod.UID, "", pod.Status.PodIP}
	}
	return identity{pod.UID, status.ContainerID, pod.Status.PodIP}
}

// claim is the name of the volume claim of a database pod.
func claim(pod *corev1.Pod) (string, error) {
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			return v.PersistentVolumeClaim.ClaimName, nil
		}
	}
	return "", fmt.Errorf("pod %s has no volume of its own", pod.Name)
}

// ready tells whether a pod counts as ready, its readiness gates included.
func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// short bounds a single question.
func short(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 5*time.Second)
}
