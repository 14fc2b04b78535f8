package bolt

import (
	"context"
	"sync"
)

// interrupts carries a RESET or GOODBYE past the messages before it. The
// goroutine that reads raises one when it sees such a message arrive, which
// cancels the call that is running; the goroutine that executes ignores every
// message until it has settled them all, each at its own place in the queue.
type interrupts struct {
	life context.Context // of the connection

	mu      sync.Mutex // never held across a wait
	pending int
	call    context.Context
	cancel  context.CancelFunc
}

func newInterrupts(life context.Context) *interrupts {
	i := &interrupts{life: life}
	i.call, i.cancel = context.WithCancel(life)
	return i
}

// raise cancels what runs now and everything up to the interrupting message.
func (i *interrupts) raise() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending++
	i.cancel()
}

// settle is called when the interrupting message has its turn.
func (i *interrupts) settle() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.pending--; i.pending == 0 {
		i.call, i.cancel = context.WithCancel(i.life)
	}
}

// raised tells whether an interrupt is on its way.
func (i *interrupts) raised() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.pending > 0
}

// context is what the calls of the database are made with.
func (i *interrupts) context() context.Context {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.call
}
