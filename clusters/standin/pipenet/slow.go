package pipenet

import (
	"slices"
	"time"
)

// Slow lets everything take longer from one party to another by a time, in that
// direction alone; 0 undoes it. What is on its way is not overtaken: a stream is read
// from its first part on.
func (n *Network) Slow(from, to string, by time.Duration) {
	p := path{from, to}
	n.mu.Lock()
	if n.delays == nil {
		n.delays = map[path]time.Duration{}
	}
	n.delays[p] = by
	wires := slices.Clone(n.wires)
	n.mu.Unlock()
	for _, w := range wires {
		w.slow(p, by)
	}
}

// Delay is how much longer everything takes from one party to another.
func (n *Network) Delay(from, to string) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.delays[path{from, to}]
}

func (w *wire) slow(p path, by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.streams {
		if s.path == p {
			s.delay = by
		}
	}
}
