package kube

import (
	"context"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// noteLimit is the length in bytes that the API server accepts.
const noteLimit = 1024

// Events tells of transitions as Events on an object, where `kubectl describe`
// and everybody's alerts find them. It never blocks: what cannot be sent is
// queued, what is too much is dropped. Equal events become one with a count, and
// more than 10 of one reason within 10 minutes one that says so.
type Events struct {
	recorder record.EventRecorder
	about    func() *corev1.ObjectReference
}

// NewEvents makes events about an object, which Fleet.StatefulSet can name, in
// the name of a controller. They are sent until ctx ends.
func NewEvents(ctx context.Context, client kubernetes.Interface, config Config, controller string, about func() *corev1.ObjectReference, log *slog.Logger) *Events {
	ctx = klog.NewContext(ctx, logr.FromSlogHandler(log.Handler()))
	broadcaster := record.NewBroadcaster(record.WithContext(ctx), record.WithCorrelatorOptions(record.CorrelatorOptions{
		BurstSize: 100, QPS: 0.1, // a failover makes about ten; the default allows 25 and then one in 5 minutes
	}))
	broadcaster.StartRecordingToSink(&coreclient.EventSinkImpl{Interface: client.CoreV1().Events(config.Namespace)})
	source := corev1.EventSource{Component: "memgraph-controller", Host: controller}
	return &Events{recorder: broadcaster.NewRecorder(scheme.Scheme, source).WithLogger(klog.FromContext(ctx)), about: about}
}

// Normal tells of something that is as it should be. reason is one word in upper
// camel case for machines, note a sentence for people.
func (e *Events) Normal(reason, note string) { e.send(corev1.EventTypeNormal, reason, note) }

// Warning tells of something that somebody should look at.
func (e *Events) Warning(reason, note string) { e.send(corev1.EventTypeWarning, reason, note) }

func (e *Events) send(kind, reason, note string) {
	e.recorder.Event(e.about(), kind, reason, shorten(note))
}

func shorten(note string) string {
	if len(note) <= noteLimit {
		return note
	}
	const more = " ..."
	end := noteLimit - len(more)
	for !utf8.RuneStart(note[end]) {
		end--
	}
	return strings.TrimRight(note[:end], " ") + more
}
