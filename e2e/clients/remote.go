package clients

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"memgraph-controller/e2e/workload"
)

// remote is a client in a pod. Its log is followed from the beginning, and read
// from the beginning again whenever the stream breaks: the decoder passes over
// what it has seen, and notices what is missing.
type remote struct {
	*feed
	pods  typed.PodInterface
	name  string
	open  func(ctx context.Context) (io.ReadCloser, error) // the log, which is followed
	ended chan struct{}                                    // closed when nothing more will come
	err   error                                            // why, if not everything came; set before ended is closed

	giveUp context.CancelFunc // ends the following
	stop   sync.Once
	last   error // what Stop returns
}

const (
	// podWithin is how long a pod may take until its client is at work, with the
	// image on its node.
	podWithin = 2 * time.Minute
	// again is the time between two attempts to do what the API server refused.
	again = 300 * time.Millisecond
)

// Run runs a client in a pod and returns when it is at work. ctx bounds the start
// only, beside a limit of two minutes.
func Run(ctx context.Context, kube kubernetes.Interface, pod Pod, language Language, config Config) (Client, error) {
	pods := kube.CoreV1().Pods(pod.Namespace)
	created, err := pods.Create(ctx, pod.object(language, config), metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s client: create its pod in namespace %s: %w", language, pod.Namespace, err)
	}
	logs := func(ctx context.Context) (io.ReadCloser, error) {
		return pods.GetLogs(created.Name, &corev1.PodLogOptions{Container: container, Follow: true}).Stream(ctx)
	}
	return watch(ctx, pods, created.Name, logs)
}

// watch follows a pod that was created, and removes it if its client does not get
// to work.
func watch(ctx context.Context, pods typed.PodInterface, name string, open func(context.Context) (io.ReadCloser, error)) (*remote, error) {
	r := &remote{feed: newFeed("pod "+name, " in a pod"), pods: pods, name: name, open: open, ended: make(chan struct{})}
	following, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	r.giveUp = giveUp
	go func() {
		defer close(r.ended)
		r.err = r.follow(following)
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, podWithin, fmt.Errorf("it was not at work within %s", podWithin))
	defer cancel()
	select {
	case <-r.begun:
		return r, nil
	case <-r.ended:
		return nil, errors.Join(r.err, r.remove(ctx))
	case <-ctx.Done():
	}
	late := r.feed.ended("it is not at work: " + r.state(context.WithoutCancel(ctx)))
	giveUp()
	<-r.ended
	return nil, errors.Join(late, context.Cause(ctx), r.remove(ctx))
}

// follow reads the log until the last line came. It returns early if nothing more
// will come, or if a line is missing.
func (r *remote) follow(ctx context.Context) error {
	for {
		// Asked before the log is read, so that this log is all there is.
		gone, how := r.over(ctx)
		err := r.attempt(ctx)
		if r.decoder.Ended() {
			return nil
		}
		if _, beyond := errors.AsType[damaged](err); beyond {
			return err
		}
		if gone {
			return r.feed.ended(how)
		}
		select {
		case <-ctx.Done():
			return r.feed.ended("it did not end")
		case <-time.After(again):
		}
	}
}

// attempt reads the log from its beginning until the stream ends, for whatever
// reason.
func (r *remote) attempt(ctx context.Context) error {
	stream, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	return r.read(stream)
}

// over tells whether the pod is at its end, and how. While the API server does not
// answer, it is not.
func (r *remote) over(ctx context.Context) (gone bool, how string) {
	pod, err := r.pods.Get(ctx, r.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return true, "its pod was deleted"
	case err != nil:
		return false, ""
	}
	return over(pod), "it ended without its last line: " + state(pod)
}

// state tells a person about the pod.
func (r *remote) state(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	pod, err := r.pods.Get(ctx, r.name, metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	return state(pod)
}

// Stop ends the client, reads the rest of its log, and then removes the pod.
func (r *remote) Stop(ctx context.Context) (workload.History, error) {
	r.stop.Do(func() { r.last = r.end(ctx) })
	return r.History(), r.last
}

func (r *remote) end(ctx context.Context) error {
	select {
	case <-r.ended:
		return errors.Join(r.feed.ended("it ended by itself"), r.err, r.remove(ctx))
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stopWithin, fmt.Errorf("it did not end within %s", stopWithin))
	defer cancel()
	asked := r.ask(ctx)
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.giveUp()
		<-r.ended
		return errors.Join(r.err, asked, context.Cause(ctx), r.remove(ctx))
	}
	return errors.Join(r.err, r.remove(ctx))
}

// ask has the kubelet end the client: the time that its pod may run is over. A pod
// that is deleted would end in the same way, but its log would be gone with it,
// and with the log what was not read yet.
func (r *remote) ask(ctx context.Context) error {
	for {
		_, err := r.pods.Patch(ctx, r.name, types.MergePatchType, []byte(`{"spec":{"activeDeadlineSeconds":1}}`), metav1.PatchOptions{})
		if err == nil || apierrors.IsNotFound(err) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// removeWithin bounds the removal of a pod, which may outlive its context.
const removeWithin = 10 * time.Second

func (r *remote) remove(ctx context.Context) error {
	r.giveUp()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	err := r.pods.Delete(ctx, r.name, metav1.DeleteOptions{})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s: delete it: %w", r.feed.name, err)
}
