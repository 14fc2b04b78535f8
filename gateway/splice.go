package gateway

import (
	"errors"
	"sync"
)

const (
	// spliceAfter is how many full buffers in a row make a stream bulk. Small
	// answers are cheaper to copy: splice needs two calls and a pipe for each.
	spliceAfter = 4
	// copyAfter is how many pieces smaller than a buffer in a row end it.
	copyAfter = 4
	// idlePipes is how many pipes are kept for the next bulk stream.
	idlePipes = 64
)

// spliceServerToClient carries a bulk answer inside the kernel, until it is
// bulk no more. It returns an error when the server's stream ends. The gate is
// looked at between the two halves of the way, as it is with copies.
func (s *session) spliceServerToClient() error {
	through := newSplice(&s.server, &s.client, &s.gateway.pipes, s.muted)
	defer through.abandon()
	for small := 0; small < copyAfter; {
		n, err := through.fill()
		if errors.Is(err, errNoPipe) {
			return nil // copying works always
		}
		if err != nil {
			return err
		}
		if !s.pass(through, &s.client) {
			return errStopped
		}
		s.delivered(n)
		small++
		if n >= bufferSize {
			small = 0
		}
	}
	return nil
}

// errNoPipe is returned when no pipe can be had.
var errNoPipe = errors.New("no pipe")

// pipePool keeps empty pipes. The zero pool is ready for use.
type pipePool struct {
	mu   sync.Mutex
	idle []*pipe
}

// get returns an empty pipe, nil if none can be made.
func (p *pipePool) get() *pipe {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return newPipe()
	}
	pipe := p.idle[last]
	p.idle = p.idle[:last]
	return pipe
}

// put takes an empty pipe back.
func (p *pipePool) put(pipe *pipe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= idlePipes {
		pipe.close()
		return
	}
	p.idle = append(p.idle, pipe)
}

// close closes all idle pipes. The pool remains usable.
func (p *pipePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pipe := range p.idle {
		pipe.close()
	}
	p.idle = nil
}
