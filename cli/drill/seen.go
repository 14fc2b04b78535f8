package drill

import (
	"slices"
	"time"
)

// Seen is what the clients of one gateway saw.
type Seen struct {
	// Name is the gateway's.
	Name string
	// Answered counts the questions, or writes, of the session that were answered.
	Answered int
	// Gap is the longest time without one.
	Gap time.Duration
	// Lost counts the connections that the session lost with a question under way,
	// Refused the questions to which the database answered with an error.
	Lost, Refused int
	// New counts the new connections, NewFailed those that were not served, NewWait is
	// the longest that one waited for its first answer.
	New, NewFailed int
	NewWait        time.Duration
	// Errors are some of them, each once.
	Errors []string
	// Writes: it wrote. Unsure is why its writes are not all known to be there.
	Writes bool
	Unsure error
}

// errorsKept bounds the different errors that are kept.
const errorsKept = 5

// remember keeps an error that is new.
func (c *client) remember(err error) {
	if text := err.Error(); len(c.errors) < errorsKept && !slices.Contains(c.errors, text) {
		c.errors = append(c.errors, text)
	}
}

// seen is what was seen between two times.
func (c *client) seen(since, until time.Time) Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Seen{Name: c.gateway.Name, Lost: c.lost, Refused: c.refused, Errors: c.errors, Gap: longest(c.answers, since, until)}
	for _, t := range c.answers {
		if !t.Before(since) {
			s.Answered++
		}
	}
	for _, w := range c.waits {
		if w.began.Add(w.took).Before(since) {
			continue
		}
		s.New++
		if w.err != nil {
			s.NewFailed++
		}
		s.NewWait = max(s.NewWait, w.took)
	}
	return s
}

// longest is the longest time without an answer. The last one before since begins
// the first gap: clients were served until then.
func longest(answers []time.Time, since, until time.Time) time.Duration {
	last, gap := since, time.Duration(0)
	for _, t := range answers {
		if t.Before(since) {
			last = t
			continue
		}
		gap = max(gap, t.Sub(last))
		last = t
	}
	return max(gap, until.Sub(last))
}
