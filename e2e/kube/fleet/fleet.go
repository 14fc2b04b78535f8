// Package fleet finds the pods of a release and the processes in them.
package fleet

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/e2e/kube/node"
)

// What the chart names the containers of databases and controllers.
const (
	Database   = "memgraph"
	Controller = "controller"
)

// Fleet is the pods of one release.
type Fleet struct {
	Kube      kubernetes.Interface
	Namespace string
	// StatefulSet is that of the databases; Databases and Controllers select pods.
	StatefulSet            string
	Databases, Controllers string
}

// Pod returns a pod of the release.
func (f Fleet) Pod(ctx context.Context, name string) (*corev1.Pod, error) {
	return f.Kube.CoreV1().Pods(f.Namespace).Get(ctx, name, metav1.GetOptions{})
}

// Pods lists the pods of a selector, those of the release's databases or
// controllers, without those that are being deleted.
func (f Fleet) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	list, err := f.Kube.CoreV1().Pods(f.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
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
func (f Fleet) DeletePod(ctx context.Context, pod *corev1.Pod, grace *int64) error {
	return f.Kube.CoreV1().Pods(f.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace, Preconditions: &metav1.Preconditions{UID: &pod.UID},
	})
}

// ByForce is the grace period of `kubectl delete --force`.
func ByForce() *int64 { return new(int64) }

// Process finds the process of a pod's container on its node.
func Process(ctx context.Context, pod *corev1.Pod, container string) (node.Process, error) {
	status, err := ContainerStatus(pod, container)
	if err != nil {
		return node.Process{}, err
	}
	return On(pod).Process(ctx, status.ContainerID)
}

// On is the node of a pod.
func On(pod *corev1.Pod) node.Node { return node.Node{Name: pod.Spec.NodeName} }

// ContainerStatus is what the kubelet says of one of a pod's containers.
func ContainerStatus(pod *corev1.Pod, container string) (corev1.ContainerStatus, error) {
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == container {
			return status, nil
		}
	}
	return corev1.ContainerStatus{}, fmt.Errorf("pod %s/%s has no container %s yet", pod.Namespace, pod.Name, container)
}

// Identity tells one life of a pod's container from the next.
type Identity struct {
	Pod       types.UID
	Container string
	IP        string
}

// Identify says which life of a container this is.
func Identify(pod *corev1.Pod, container string) Identity {
	status, err := ContainerStatus(pod, container)
	if err != nil {
		return Identity{pod.UID, "", pod.Status.PodIP}
	}
	return Identity{pod.UID, status.ContainerID, pod.Status.PodIP}
}

// Claim is the name of the volume claim of a database pod.
func Claim(pod *corev1.Pod) (string, error) {
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim != nil {
			return v.PersistentVolumeClaim.ClaimName, nil
		}
	}
	return "", fmt.Errorf("pod %s has no volume of its own", pod.Name)
}

// Ready tells whether a pod counts as ready, its readiness gates included.
func Ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
