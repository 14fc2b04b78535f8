package standin

import (
	"context"
	"sync"
	"time"
)

// semaphore is a lock that may be held while waiting for others.
type semaphore chan struct{}

func newSemaphore() semaphore { return make(semaphore, 1) }

func (s semaphore) lock(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s semaphore) lockWithin(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.lock(ctx) == nil
}

func (s semaphore) unlock() { <-s }

// stateLock guards an instance's replication state as Memgraph's lock does:
// readers wait for a writer, a writer does not wait for anybody. Commits are
// readers for as long as they take, so role changes and registrations fail
// while one is in flight.
type stateLock struct {
	mu      sync.Mutex
	readers int
	writer  bool
	free    chan struct{} // closed when the writer leaves
}

func (l *stateLock) tryLock() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer || l.readers > 0 {
		return false
	}
	l.writer, l.free = true, make(chan struct{})
	return true
}

func (l *stateLock) unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writer = false
	close(l.free)
}

func (l *stateLock) rlock(ctx context.Context) error { return l.admit(ctx, 1) }

// wait waits for a writer to leave, and locks nothing.
func (l *stateLock) wait(ctx context.Context) error { return l.admit(ctx, 0) }

func (l *stateLock) admit(ctx context.Context, readers int) error {
	for {
		l.mu.Lock()
		if !l.writer {
			l.readers += readers
			l.mu.Unlock()
			return nil
		}
		free := l.free
		l.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *stateLock) runlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
}
