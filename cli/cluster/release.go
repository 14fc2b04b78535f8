package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"memgraph-controller/controller/kube"
)

// What the chart gives its pods.
const (
	HTTPPort  = kube.HTTPPort
	WritePort = 7687
	ReadPort  = 7688

	releaseLabel     = "app.kubernetes.io/instance"
	controllerLabels = "app.kubernetes.io/name=memgraph-controller,app.kubernetes.io/component=controller"
)

// askWithin bounds one question to the API server.
const askWithin = 10 * time.Second

// Release is one installation of the chart.
type Release struct {
	Name, Namespace string
	// Context is that of the kubeconfig; empty inside a pod.
	Context string
	// Client is for what else there is to read in the namespace.
	Client kubernetes.Interface

	config      *rest.Config
	controllers []corev1.Pod
}

// Find finds the release that is meant. version stands in the user agent.
func Find(ctx context.Context, w Where, version string) (*Release, error) {
	there, err := w.load(version)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(there.config)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	r := &Release{Name: w.Release, Namespace: there.namespace, Context: there.context, Client: client, config: there.config}
	if r.controllers, err = r.Pods(ctx, controllerLabels); err != nil {
		return nil, err
	}
	return r, r.choose()
}

// choose settles on one release and keeps its controllers alone.
func (r *Release) choose() error {
	byRelease := map[string][]corev1.Pod{}
	for _, pod := range r.controllers {
		byRelease[pod.Labels[releaseLabel]] = append(byRelease[pod.Labels[releaseLabel]], pod)
	}
	names := slices.Sorted(maps.Keys(byRelease))
	switch {
	case len(names) == 0:
		return fmt.Errorf("no release of memgraph-controller runs in namespace %q%s: name its namespace with --namespace, "+
			"see 'helm list -A' for what is installed, or install one with 'helm install'", r.Namespace, r.of())
	case r.Name != "" && byRelease[r.Name] == nil:
		return fmt.Errorf("there is no release %q in namespace %q%s; there are: %s", r.Name, r.Namespace, r.of(), strings.Join(names, ", "))
	case r.Name == "" && len(names) > 1:
		return fmt.Errorf("namespace %q has several releases (%s): choose one with --release", r.Namespace, strings.Join(names, ", "))
	case r.Name == "":
		r.Name = names[0]
	}
	r.controllers = byRelease[r.Name]
	return nil
}

// of names the context, for a sentence.
func (r *Release) of() string {
	if r.Context == "" {
		return ""
	}
	return " of context " + r.Context
}

// String says which release it is, so that nobody acts on another than they think.
func (r *Release) String() string {
	return fmt.Sprintf("release %s in namespace %s%s", r.Name, r.Namespace, r.of())
}

// Controllers are the pods of the controllers, by name, as they were found.
func (r *Release) Controllers() []corev1.Pod { return r.controllers }

// Ready are the controllers that serve.
func (r *Release) Ready() []corev1.Pod {
	var ready []corev1.Pod
	for _, pod := range r.controllers {
		if pod.DeletionTimestamp == nil && PodReady(pod) {
			ready = append(ready, pod)
		}
	}
	return ready
}

// Unready says why no controller serves.
func (r *Release) Unready() error {
	var states []string
	for _, pod := range r.controllers {
		states = append(states, pod.Name+" is "+State(pod))
	}
	return fmt.Errorf("no controller of %s is ready: %s; 'kubectl -n %s describe pod %s' says more",
		r, strings.Join(states, ", "), r.Namespace, r.controllers[0].Name)
}

// Databases are the pods of the database, which may be of a StatefulSet of the
// user's own.
func (r *Release) Databases(ctx context.Context) ([]corev1.Pod, error) {
	selector := r.argument("instance-selector")
	if selector == "" {
		selector = releaseLabel + "=" + r.Name + ",app.kubernetes.io/component=database"
	}
	return r.Pods(ctx, selector)
}

// StatefulSet is the name of the database's StatefulSet, from which the names of what
// is stored derive.
func (r *Release) StatefulSet() string {
	if set := r.argument("statefulset"); set != "" {
		return set
	}
	return r.Name
}

// DatabaseTLS tells whether the controllers speak TLS with the database.
func (r *Release) DatabaseTLS() bool { return slices.Contains(r.container().Args, "--database-tls") }

// Owns tells by its name whether an object is part of the release. The chart's names
// are the release's, and those of pods and volumes begin with their owner's.
func (r *Release) Owns(name string) bool {
	for _, owner := range []string{r.Name, r.StatefulSet(), "storage-" + r.StatefulSet()} {
		if name == owner || strings.HasPrefix(name, owner+"-") {
			return true
		}
	}
	return false
}

// argument is a flag that the controllers run with.
func (r *Release) argument(flag string) string {
	for _, argument := range r.container().Args {
		if value, ok := strings.CutPrefix(argument, "--"+flag+"="); ok {
			return value
		}
	}
	return ""
}

// container is the controllers' own one, as the first of them has it.
func (r *Release) container() corev1.Container {
	containers := r.controllers[0].Spec.Containers
	i := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == kube.ControllerContainer })
	return containers[max(i, 0)]
}

// Pods lists the pods that a selector names, by name.
func (r *Release) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	list, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, r.Explain(err, "list", "pods")
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// Delete ends a pod by force: its process is killed at once, and nothing is told
// before. It does not delete another pod of the same name.
func (r *Release) Delete(ctx context.Context, pod string, uid types.UID) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	now := int64(0)
	err := r.Client.CoreV1().Pods(r.Namespace).Delete(ctx, pod, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	if err != nil {
		return r.Explain(err, "delete", "pods")
	}
	return nil
}

// PodReady tells whether a pod serves.
func PodReady(pod corev1.Pod) bool { return holds(pod, corev1.PodReady) }

// NodeLost tells that Kubernetes does not hear of a pod's node: the node's own word, that the
// containers and all else of the pod are ready, still stands, and the pod was said not to be.
// Whoever deletes such a pod by force has it forgotten, not ended.
func NodeLost(pod corev1.Pod) bool {
	return !PodReady(pod) && holds(pod, corev1.ContainersReady) && !slices.ContainsFunc(pod.Spec.ReadinessGates, func(g corev1.PodReadinessGate) bool {
		return !holds(pod, g.ConditionType)
	})
}

func holds(pod corev1.Pod, condition corev1.PodConditionType) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == condition && c.Status == corev1.ConditionTrue
	})
}

// State says in a few words how a pod is.
func State(pod corev1.Pod) string {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		switch {
		case status.State.Waiting != nil && status.State.Waiting.Reason != "":
			return status.State.Waiting.Reason
		case status.State.Terminated != nil && status.State.Terminated.ExitCode != 0:
			return fmt.Sprintf("terminated with exit code %d", status.State.Terminated.ExitCode)
		}
	}
	switch {
	case pod.DeletionTimestamp != nil:
		return "terminating"
	case pod.Status.Phase == corev1.PodRunning && !PodReady(pod):
		return "running and not ready"
	default:
		return strings.ToLower(string(pod.Status.Phase))
	}
}
