package kube

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// tape is a feed whose server is written out in the test.
type tape struct {
	feed
	mu      sync.Mutex
	log     bytes.Buffer
	lists   int
	listErr error
	watcher *watch.FakeWatcher
	options metav1.ListOptions
	heard   []string
}

func newTape() *tape {
	tp := &tape{}
	tp.feed = feed{
		what: "pods",
		list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			tp.mu.Lock()
			defer tp.mu.Unlock()
			tp.lists++
			return &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "42"}, Items: []corev1.Pod{*newPod("listed", "u")}}, tp.listErr
		},
		watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			tp.mu.Lock()
			defer tp.mu.Unlock()
			tp.options, tp.watcher = o, watch.NewFake()
			return tp.watcher, nil
		},
		replace: func(o []runtime.Object) { tp.note("replace", o...) },
		changed: func(o runtime.Object) { tp.note("changed", o) },
		gone:    func(o runtime.Object) { tp.note("gone", o) },
	}
	return tp
}

func (tp *tape) note(what string, objects ...runtime.Object) {
	for _, o := range objects {
		what += " " + o.(*corev1.Pod).Name
	}
	tp.heard = append(tp.heard, what)
}

// Write takes a line of the log.
func (tp *tape) Write(line []byte) (int, error) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return tp.log.Write(line)
}

func (tp *tape) run(t *testing.T) {
	background(t, func(ctx context.Context) error { tp.follow(ctx, slog.New(slog.NewTextHandler(tp, nil))); return nil })
}

// look waits until everything settled and tells how often was listed and what
// was logged.
func (tp *tape) look() (lists int, log string) {
	synctest.Wait()
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return tp.lists, tp.log.String()
}

func TestListAndWatchAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape()
		tp.run(t)
		require.Equal(t, "42", tp.options.ResourceVersion)
		tp.watcher.Add(newPod("a", "u"))
		tp.watcher.Action(watch.Bookmark, newPod("bookmark", "u"))
		tp.watcher.Modify(newPod("a", "u"))
		tp.watcher.Delete(newPod("a", "u"))
		synctest.Wait()
		require.Equal(t, []string{"replace listed", "changed a", "changed a", "gone a"}, tp.heard)
	})
}

func TestWatchThatEndsAfterAWhileIsBegunAnewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape()
		tp.run(t)
		time.Sleep(time.Minute)
		tp.watcher.Stop()
		lists, _ := tp.look()
		require.Equal(t, 2, lists)
		expired := apierrors.NewResourceExpired("too old").Status()
		time.Sleep(time.Minute)
		tp.watcher.Error(&expired)
		lists, log := tp.look()
		require.Equal(t, 3, lists)
		require.Empty(t, log, "nothing of this is worth a line")
	})
}

func TestWatchThatHangsIsGivenUp(t *testing.T) {
	hanging := func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, watch := range map[string]func(context.Context, metav1.ListOptions) (watch.Interface, error){
		"before it begins": hanging, "later": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape()
				if watch != nil {
					tp.watch = watch
				}
				tp.run(t)
				time.Sleep(2 * (watchFor + listTimeout))
				lists, _ := tp.look()
				require.Equal(t, 3, lists)
			})
		})
	}
}

func TestFailureIsLoggedOnceAndItsEndToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := newTape()
		tp.listErr = errDown
		tp.run(t)
		time.Sleep(time.Minute)
		lists, log := tp.look()
		require.InDelta(t, 48, lists, 12, "once in 1 to 1.5 s")
		require.Equal(t, 1, strings.Count(log, "\n"), log)
		require.Contains(t, log, "watch failed")
		tp.mu.Lock()
		tp.listErr = nil
		tp.mu.Unlock()
		time.Sleep(2 * watchRetry)
		_, log = tp.look()
		require.Contains(t, log, "watch works again")
		failed := apierrors.NewInternalError(errors.New("etcd is ill")).Status()
		tp.watcher.Error(&failed)
		_, log = tp.look()
		require.Contains(t, log, "etcd is ill")
	})
}

func TestListInPartsIsNotTakenForTheWhole(t *testing.T) {
	tp := newTape()
	tp.list = func(context.Context, metav1.ListOptions) (runtime.Object, error) {
		return &corev1.PodList{ListMeta: metav1.ListMeta{Continue: "more"}}, nil
	}
	_, err := tp.listAll(t.Context())
	require.ErrorContains(t, err, "longer than one answer")
	require.Empty(t, tp.heard)
}
