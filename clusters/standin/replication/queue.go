package replication

import (
	"context"
	"sync"
)

// queue holds the worker's tasks. It has no bound, as Memgraph's has none; what
// keeps it short is that at most one check and one transaction can be in it.
type queue struct {
	ready chan struct{} // has a token when tasks wait

	mu    sync.Mutex
	tasks []func(ctx context.Context)
	busy  bool
	calm  chan struct{} // closed when nothing is left; nil while nobody asks
}

func (q *queue) add(task func(ctx context.Context)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = append(q.tasks, task)
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns the next task, nil where there is none.
func (q *queue) take() func(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.busy = len(q.tasks) > 0; !q.busy {
		if q.calm != nil {
			close(q.calm)
			q.calm = nil
		}
		return nil
	}
	task := q.tasks[0]
	q.tasks = q.tasks[1:]
	return task
}

// idle returns a channel that is closed when there is nothing to do.
func (q *queue) idle() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.calm == nil {
		q.calm = make(chan struct{})
	}
	calm := q.calm
	if !q.busy && len(q.tasks) == 0 {
		close(calm)
		q.calm = nil
	}
	return calm
}

func (p *Peer) runWorker() {
	for {
		for task := p.work.take(); task != nil; task = p.work.take() {
			task(p.life)
		}
		select {
		case <-p.work.ready:
		case <-p.life.Done():
			return
		}
	}
}
