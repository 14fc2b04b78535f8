package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Decoder reads the lines that an Encoder wrote, as they come. Lines that it has
// seen already it passes over, so that whoever loses a log may read it again from
// its beginning; a line that is missing is an error. It may be used concurrently.
type Decoder struct {
	place string

	mu           sync.Mutex
	first        header
	operations   int
	acknowledged int
	ended        bool
	h            History
}

// NewDecoder returns a decoder. The place, such as " in a pod", is added to the
// client's name; it may be empty.
func NewDecoder(place string) *Decoder { return &Decoder{place: place} }

// Line reads one line, without or with the line break at its end.
func (d *Decoder) Line(line []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	line = bytes.TrimSpace(line)
	var err error
	switch {
	case bytes.HasPrefix(line, []byte(`{"history"`)):
		err = d.header(line)
	case d.first.History == 0:
		err = errors.New("the first line has to be the header")
	case bytes.HasPrefix(line, []byte(`{`)):
		err = d.footer(line)
	default:
		err = d.operation(line)
	}
	if err != nil {
		return fmt.Errorf("history, after %d operations: line %.200q: %w", d.operations, line, err)
	}
	return nil
}

// Begun tells whether the header came: the clients are ready.
func (d *Decoder) Begun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.first.History != 0
}

// Ended tells whether the last line came: the history is whole.
func (d *Decoder) Ended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended
}

// Acknowledged counts the acknowledged writes so far.
func (d *Decoder) Acknowledged() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.acknowledged
}

// History returns a copy of what came so far.
func (d *Decoder) History() History {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.h.clone()
}

func (d *Decoder) header(line []byte) error {
	var h header
	if err := strict(line, &h); err != nil {
		return err
	}
	if h.History != format {
		return fmt.Errorf("format %d; this program reads format %d", h.History, format)
	}
	if d.first.History != 0 && h != d.first {
		return fmt.Errorf("another client's header; this is the history of %+v", d.first)
	}
	d.first = h
	return nil
}

func (d *Decoder) footer(line []byte) error {
	var f footer
	if err := strict(line, &f); err != nil {
		return err
	}
	if f.End != d.operations {
		return fmt.Errorf("%d operations are missing before the last line", f.End-d.operations)
	}
	d.ended = true
	return nil
}

func strict(line []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("more than one value")
	}
	return nil
}

// operation is one line of those between header and footer.
type operation struct {
	n                int
	kind             string
	number           int64
	ended, took      float64
	outcome, failure string
}

// UnmarshalJSON takes the fields out of a list of 5 or 7.
func (o *operation) UnmarshalJSON(text []byte) error {
	var fields []json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	targets := []any{&o.n, &o.kind, &o.number, &o.ended, &o.took, &o.outcome, &o.failure}
	if len(fields) != 5 && len(fields) != 7 {
		return fmt.Errorf("%d fields, want 5 or, with an error, 7", len(fields))
	}
	for i, field := range fields {
		if err := json.Unmarshal(field, targets[i]); err != nil {
			return fmt.Errorf("field %d: %w", i+1, err)
		}
	}
	if len(fields) == 7 && (o.failure == "" || o.outcome != outcomeUnknown && o.outcome != outcomeFailed) {
		return fmt.Errorf("outcome %q with error %q: want %s or %s, with a text", o.outcome, o.failure, outcomeUnknown, outcomeFailed)
	}
	return nil
}

func (d *Decoder) operation(line []byte) error {
	var o operation
	if err := strict(line, &o); err != nil {
		return err
	}
	if o.n < 1 {
		return fmt.Errorf("operation %d: the first one is 1", o.n)
	}
	if o.n <= d.operations {
		return nil // seen already
	}
	if o.n > d.operations+1 {
		return fmt.Errorf("%d operations are missing before it", o.n-d.operations-1)
	}
	if d.ended {
		return errors.New("an operation after the last line")
	}
	if err := d.add(o); err != nil {
		return err
	}
	d.operations = o.n
	return nil
}

func (d *Decoder) add(o operation) error {
	client := d.first.Client + d.place
	end := d.first.Begin.Add(milliseconds(o.ended))
	start := end.Add(-milliseconds(o.took))
	if o.kind != kindManaged && o.kind != kindExplicit && o.outcome == outcomeUnknown {
		return fmt.Errorf("outcome %q of kind %q", o.outcome, o.kind)
	}
	switch o.kind {
	case kindManaged, kindExplicit:
		outcome := map[string]Outcome{"": Acknowledged, outcomeUnknown: Unknown, outcomeFailed: Failed}[o.outcome]
		if outcome == Acknowledged {
			d.acknowledged++
		}
		d.h.Writes = append(d.h.Writes, Write{client, o.number, o.kind == kindExplicit, start, end, outcome, o.failure})
	case kindRead, kindStream:
		d.h.Reads = append(d.h.Reads, Read{Client: client, Stream: o.kind == kindStream, Records: int(o.number), Start: start, End: end, Err: o.failure})
	case kindConnectWrite:
		d.h.Connections = append(d.h.Connections, Connection{client, d.first.Write, start, end, o.number == 1, o.failure})
	case kindConnectRead:
		d.h.Connections = append(d.h.Connections, Connection{client, d.first.Read, start, end, o.number == 1, o.failure})
	default:
		return fmt.Errorf("unknown kind %q", o.kind)
	}
	return nil
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
