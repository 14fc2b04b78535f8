package kube

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// witness looks at a release all the time, for what is over before somebody
// looks on purpose.
type witness struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	seen map[string]bool
}

// watchEvery is short compared with a reseed, which takes seconds.
const watchEvery = 500 * time.Millisecond

func watch(ctx context.Context, r *Release) *witness {
	ctx, cancel := context.WithCancel(ctx)
	w := &witness{cancel: cancel, seen: map[string]bool{}}
	w.done.Go(func() {
		for ctx.Err() == nil {
			w.look(ctx, r)
			select {
			case <-ctx.Done():
			case <-time.After(watchEvery):
			}
		}
	})
	return w
}

func (w *witness) look(ctx context.Context, r *Release) {
	status, err := r.Status(ctx)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range status.Instances {
		if i.Refused {
			w.seen[i.Name+" was refused as diverged"] = true
		}
		if i.Quarantined != nil {
			w.seen[i.Name+" was quarantined: "+i.Quarantined.Reason] = true
		}
	}
}

// stop ends the watch.
func (w *witness) stop() {
	w.cancel()
	w.done.Wait()
}

// reseeds lists what was seen of instances whose data did not count any more.
func (w *witness) reseeds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.seen))
}
