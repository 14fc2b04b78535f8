package clients

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"memgraph-controller/e2e/workload"
)

// feed turns the output of a client into its history.
type feed struct {
	name    string // for people
	decoder *workload.Decoder
	begun   chan struct{} // closed when the client is at work
	first   sync.Once

	mu   sync.Mutex
	said []string // its last lines that are no history
}

func newFeed(name, place string) *feed {
	return &feed{name: name, decoder: workload.NewDecoder(place), begun: make(chan struct{})}
}

// damaged is an error of a line, after which nothing can be made of the others.
type damaged struct{ error }

func (d damaged) Unwrap() error { return d.error }

// read takes the lines of r until it ends. A last one without its line break is
// left out: it is half a line, which comes again whole, or never.
func (f *feed) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := f.take(line); err != nil {
			return damaged{fmt.Errorf("%s: %w", f.name, err)}
		}
	}
}

// history is how lines of a history begin.
var history = regexp.MustCompile(`^(\{"|\[[0-9])`)

// take takes one line. Lines that cannot be history are what the client says to
// people: in the log of a pod they are among the others. Numbers in the lines of
// history make sure that none of them is taken for such a one.
func (f *feed) take(line []byte) error {
	if !history.Match(line) {
		f.say(string(line))
		return nil
	}
	err := f.decoder.Line(line)
	if err == nil && f.decoder.Begun() {
		f.first.Do(func() { close(f.begun) })
	}
	return err
}

// wordsKept is how many lines of what a client says are kept.
const wordsKept = 20

func (f *feed) say(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	line = strings.TrimRight(line, "\n")
	if slices.Contains(f.said, line) {
		return // a log that is read again, or a complaint that repeats itself
	}
	f.said = append(f.said[max(0, len(f.said)-wordsKept+1):], line)
}

// ended is the error of a client that came to its end without being asked, or
// that did not tell all before it.
func (f *feed) ended(how string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := fmt.Errorf("%s: %s after %d acknowledged writes", f.name, how, f.decoder.Acknowledged())
	if len(f.said) > 0 {
		err = fmt.Errorf("%w; it said:\n%s", err, strings.Join(f.said, "\n"))
	}
	return err
}

// Acknowledged counts the acknowledged writes so far.
func (f *feed) Acknowledged() int { return f.decoder.Acknowledged() }

// History returns a copy of what the client told so far.
func (f *feed) History() workload.History { return f.decoder.History() }
