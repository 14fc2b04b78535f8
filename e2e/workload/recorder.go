package workload

import "sync"

// recorder collects a history from many goroutines, and passes it on as lines
// where somebody wants them.
type recorder struct {
	client string
	lines  *Encoder // nil: nobody does

	mu sync.Mutex
	h  History
}

func (r *recorder) write(w Write) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Client = r.client
	r.h.Writes = append(r.h.Writes, w)
	if r.lines != nil {
		r.lines.Write(w)
	}
}

func (r *recorder) read(read Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	read.Client = r.client
	r.h.Reads = append(r.h.Reads, read)
	if r.lines != nil {
		r.lines.Read(read)
	}
}

func (r *recorder) connection(c Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Client = r.client
	r.h.Connections = append(r.h.Connections, c)
	if r.lines != nil {
		r.lines.Connection(c)
	}
}

func (r *recorder) snapshot() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.h.clone()
}
