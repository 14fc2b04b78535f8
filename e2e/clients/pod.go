package clients

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// Pod is where a client runs in a cluster.
type Pod struct {
	Namespace string
	// Image is that of the client's language, as clusters.Site.Clients returns it.
	Image string
	// Node is the one to run on, where it matters: a client on a node that is
	// drained ends. Empty: any.
	Node string
}

const (
	// container is the name of the pod's only one.
	container = "client"
	// lastWords is what a client gives to what is under way, with some time to
	// tell it.
	lastWords = 30 // s
	user      = 65532
)

// object is the pod, which any namespace takes (restricted Pod Security).
func (p Pod) object(language Language, c Config) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "client-" + string(language) + "-" + rand.String(5), Namespace: p.Namespace,
			Labels: map[string]string{"app.kubernetes.io/name": "workload", "app.kubernetes.io/component": string(language)},
		},
		Spec: corev1.PodSpec{
			NodeName:                      p.Node,
			RestartPolicy:                 corev1.RestartPolicyNever, // a client that ends by itself has failed
			TerminationGracePeriodSeconds: new(int64(lastWords)),
			AutomountServiceAccountToken:  new(false),
			EnableServiceLinks:            new(false),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), RunAsUser: new(int64(user)), RunAsGroup: new(int64(user)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: container, Image: p.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: c.flags(),
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
				}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// state is what a person needs to know of a pod that does not do what it should.
func state(pod *corev1.Pod) string {
	text := "its pod is " + string(pod.Status.Phase)
	for _, c := range pod.Status.Conditions {
		if c.Status == corev1.ConditionFalse && c.Message != "" {
			text += ", " + c.Message
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		switch {
		case s.State.Waiting != nil:
			text += ", its container waits: " + s.State.Waiting.Reason + " " + s.State.Waiting.Message
		case s.State.Terminated != nil:
			text += ", its container ended: " + s.State.Terminated.Reason + " " + s.State.Terminated.Message
		}
	}
	return text
}

// over tells whether nothing more can come from the pod.
func over(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
