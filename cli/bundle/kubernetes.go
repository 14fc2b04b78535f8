package bundle

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/controller/kube"
)

const (
	// LogBytes bounds the log of one run of one container: it is held in memory while
	// secrets are looked for. A controller writes a line for each transition, and Memgraph
	// by default only warnings. Kubernetes gives the first ones of the window.
	LogBytes = 32 << 20
	// logWithin bounds the time that it takes.
	logWithin = time.Minute
	// askWithin bounds any other question to the API server.
	askWithin = 10 * time.Second
)

// FromKubernetes adds what Kubernetes knows of a release.
func FromKubernetes(ctx context.Context, b *Bundle, release *cluster.Release) {
	pods := release.Controllers()
	databases, err := release.Databases(ctx)
	if err != nil {
		b.Miss("pods and logs of the database", err)
	}
	pods = slices.Concat(pods, databases)
	b.Add("pods.txt", "the pods as they were when this was taken, with their images and restarts", table(pods))
	b.events(ctx, release)
	names := kube.Config{StatefulSet: release.StatefulSet()}
	b.configMap(ctx, release, "record.yaml", "the topology record: who is main, who votes, which epoch", names.RecordName())
	b.configMap(ctx, release, "orders.yaml", "what database pods were ordered to do with their data", names.OrdersName())
	if version, err := release.Client.Discovery().ServerVersion(); err != nil {
		b.Miss("version of Kubernetes", err)
	} else {
		b.Add("kubernetes.txt", "version of the API server", version.GitVersion+"\n")
	}
	for _, pod := range pods {
		for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			b.log(ctx, release, pod.Name, container.Name, false)
			b.log(ctx, release, pod.Name, container.Name, true)
		}
	}
}

// table describes pods without what their specification holds: an environment may
// hold a password.
func table(pods []corev1.Pod) string {
	var text strings.Builder
	for _, pod := range pods {
		fmt.Fprintf(&text, "%s on %s: %s, ready %t, since %s\n", pod.Name, pod.Spec.NodeName, cluster.State(pod), cluster.PodReady(pod),
			pod.CreationTimestamp.UTC().Format(time.RFC3339))
		for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			fmt.Fprintf(&text, "  %s: %s (%s), %d restarts%s\n", s.Name, s.Image, s.ImageID, s.RestartCount, ending(s.LastTerminationState.Terminated))
		}
	}
	return text.String()
}

// ending says how the run before ended.
func ending(t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return ""
	}
	return fmt.Sprintf(", the last ended at %s: %s, exit code %d", t.FinishedAt.UTC().Format(time.RFC3339), t.Reason, t.ExitCode)
}

// events adds the events of the release's objects in the window.
func (b *Bundle) events(ctx context.Context, release *cluster.Release) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	list, err := release.Client.CoreV1().Events(release.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		b.Miss("events of Kubernetes", release.Explain(err, "list", "events"))
		return
	}
	events := slices.DeleteFunc(list.Items, func(e corev1.Event) bool {
		t := kube.Happened(&e)
		return !release.Owns(e.InvolvedObject.Name) || t.Before(b.window.From) || t.After(b.window.To)
	})
	slices.SortStableFunc(events, func(x, y corev1.Event) int { return kube.Happened(&x).Compare(kube.Happened(&y)) })
	var text strings.Builder
	for _, e := range events {
		fmt.Fprintf(&text, "%s  %s %s/%s  %s (%d): %s\n", kube.Happened(&e).UTC().Format(time.RFC3339Nano), e.Type,
			e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, max(e.Count, 1), strings.ReplaceAll(e.Message, "\n", " "))
	}
	b.Add("events.txt", "events of Kubernetes on the release's objects, oldest first; it forgets them after an hour", text.String())
}

func (b *Bundle) configMap(ctx context.Context, release *cluster.Release, file, about, name string) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	object, err := release.Client.CoreV1().ConfigMaps(release.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return // there were no orders, or no cluster yet
	}
	if err != nil {
		b.Miss(file, release.Explain(err, "get", "configmaps"))
		return
	}
	text, err := yaml.Marshal(map[string]any{"name": name, "resourceVersion": object.ResourceVersion, "data": object.Data})
	if err != nil {
		b.Miss(file, err)
		return
	}
	b.Add(file, about, string(text))
}

// log adds what a container logged in the window. previous is the run before the
// present one, which most containers do not have.
func (b *Bundle) log(ctx context.Context, release *cluster.Release, pod, container string, previous bool) {
	ctx, cancel := context.WithTimeout(ctx, logWithin)
	defer cancel()
	file := fmt.Sprintf("logs/%s/%s.log", pod, container)
	about := "log"
	if previous {
		file, about = fmt.Sprintf("logs/%s/%s.previous.log", pod, container), "log of the run before"
	}
	limit, since := int64(LogBytes), metav1.NewTime(b.window.From)
	stream, err := release.Client.CoreV1().Pods(release.Namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, Timestamps: true, SinceTime: &since, LimitBytes: &limit,
	}).Stream(ctx)
	switch {
	case previous && (apierrors.IsBadRequest(err) || apierrors.IsNotFound(err)):
		return
	case err != nil:
		b.Miss(file, release.Explain(err, "get", "pods/log"))
		return
	}
	defer stream.Close()
	text, whole, err := b.until(stream)
	if err == nil && !whole && len(text) >= LogBytes {
		err = fmt.Errorf("it was cut off after %d MiB", LogBytes>>20)
		about += " of which the end was cut off"
		text = text[:strings.LastIndexByte(text, '\n')+1] // part of a line may hold part of a secret
	}
	if err != nil {
		b.Miss("the end of "+file, err)
	}
	b.Add(file, about, text)
}

// until reads the lines of a log up to the end of the window, and tells whether it came
// that far, not only to the end of what it was given. Kubernetes writes the time before each.
func (b *Bundle) until(log io.Reader) (read string, whole bool, err error) {
	var text strings.Builder
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		stamp, _, _ := strings.Cut(line, " ")
		if t, bad := time.Parse(time.RFC3339Nano, strings.TrimSpace(stamp)); bad == nil && t.After(b.window.To) {
			return text.String(), true, nil
		}
		text.WriteString(line)
		if err == io.EOF {
			return text.String(), false, nil
		}
		if err != nil {
			return text.String(), false, err
		}
	}
}
