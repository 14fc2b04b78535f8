package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// watchFor is the time after which a watch is begun anew with a list. It
	// bounds how long anything that went wrong with it unseen can last, and costs
	// two requests each time.
	watchFor = 5 * time.Minute
	// listTimeout bounds a list.
	listTimeout = 5 * time.Second
	// watchRetry is the least time between two lists. Up to half of it is added,
	// so that controllers do not meet when an API server comes back.
	watchRetry = time.Second
)

// follow reports everything until ctx ends. While the API server does not answer
// nothing is reported, and what was known stays.
func (f feed) follow(ctx context.Context, log *slog.Logger) {
	failure := ""
	for ctx.Err() == nil {
		began := time.Now()
		err := f.once(ctx, func() {
			if failure != "" {
				log.Info("watch works again", "of", f.what)
			}
			failure = ""
		})
		if err != nil && ctx.Err() == nil && err.Error() != failure {
			failure = err.Error()
			log.Warn("watch failed; trying again", "of", f.what, "error", err)
		}
		pause := watchRetry + rand.N(watchRetry/2)
		select {
		case <-ctx.Done():
		case <-time.After(pause - time.Since(began)): // at once, if the watch lived longer
		}
	}
}

// once lists and then watches until the watch ends. nil if it ended in order.
func (f feed) once(ctx context.Context, listed func()) error {
	version, err := f.listAll(ctx)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	listed()
	options := f.where
	options.ResourceVersion = version
	seconds := int64(watchFor / time.Second)
	options.TimeoutSeconds = &seconds
	limited, cancel := context.WithTimeout(ctx, watchFor+listTimeout)
	defer cancel()
	events, err := f.watch(limited, options)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer events.Stop()
	for event := range open(limited, events) {
		switch event.Type {
		case watch.Added, watch.Modified:
			f.changed(event.Object)
		case watch.Deleted:
			f.gone(event.Object)
		case watch.Error:
			return endOfWatch(event.Object)
		}
	}
	return nil
}

// open yields the events of a watch until it or ctx ends.
func open(ctx context.Context, events watch.Interface) func(yield func(watch.Event) bool) {
	return func(yield func(watch.Event) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case event, ok := <-events.ResultChan():
				if !ok || !yield(event) {
					return
				}
			}
		}
	}
}

// endOfWatch turns what a watch says last into an error. That its version of the
// objects is too old is in the nature of a watch that was interrupted.
func endOfWatch(status runtime.Object) error {
	err := apierrors.FromObject(status)
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return nil
	}
	return fmt.Errorf("watch: %w", err)
}

// listAll reads from the API server's storage, not from its cache: what is
// listed is never older than what was known.
func (f feed) listAll(ctx context.Context) (version string, err error) {
	limited, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	list, err := f.list(limited, f.where)
	if err != nil {
		return "", err
	}
	objects, err := meta.ExtractList(list)
	if err != nil {
		return "", err
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return "", err
	}
	if accessor.GetContinue() != "" {
		return "", errors.New("the list is longer than one answer")
	}
	f.replace(objects)
	return accessor.GetResourceVersion(), nil
}
