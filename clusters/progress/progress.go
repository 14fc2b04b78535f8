// Package progress tells a person, one line per step, what a long run is at.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Log writes a line per step, led by the seconds since its start. Its methods
// may be called concurrently.
type Log struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
}

// To starts a log on out.
func To(out io.Writer) *Log {
	return &Log{out: out, start: time.Now()}
}

// Step says what begins now. What it takes can be read off the next line.
func (l *Log) Step(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "%4.0fs  %s\n", time.Since(l.start).Seconds(), fmt.Sprintf(format, args...))
}
