package workload

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// format is the version of the lines.
const format = 1

// header is the first line: the clients are ready, operations follow.
type header struct {
	History int       `json:"history"` // format
	Client  string    `json:"client"`  // language and version of the driver
	Write   string    `json:"write"`   // addresses of the gateways
	Read    string    `json:"read"`
	Begin   time.Time `json:"begin"` // times count from here
}

// footer is the last line: there were so many operations, and all have ended.
type footer struct {
	End int `json:"end"`
}

// The kinds of operations, as lines name them.
const (
	kindManaged      = "w"  // write in a managed transaction
	kindExplicit     = "x"  // write in an explicit transaction
	kindRead         = "r"  // read of one record
	kindStream       = "s"  // read of many records
	kindConnectWrite = "cw" // new client of the write gateway
	kindConnectRead  = "cr" // new client of the read gateway
)

// The outcomes as lines name them; those that were acknowledged name none.
const (
	outcomeFailed  = "failed"
	outcomeUnknown = "unknown"
)

// Encoder writes a history as lines of JSON, one as each operation ends:
//
//	{"history":1,"client":"go 5.28.4","write":"a:7687","read":"b:7687","begin":"2026-11-22T10:00:00.123Z"}
//	[1,"w",100,12,3.4]
//	[2,"x",101,15,2.9,"failed","connection reset by peer"]
//	{"end":2}
//
// An operation has its number in the history, which begins with 1; its kind (w, x:
// managed and explicit write; r, s: read of one record and of many; cw, cr: new
// client of the write and of the read gateway); the id that was written, or how
// many records came, or whether the new client was answered; when it ended, in
// milliseconds since begin; how long it took, in milliseconds; and, if it ended
// with an error, the outcome (unknown, or failed: not done for certain) and the
// text. Readers that wait for their own answers are not told apart.
//
// Lines are that short because a pod's log is where they go: a kubelet keeps the
// newest 10 MiB of it where they can be read again, after the API server was away
// for example, which is 10 minutes of 200 operations per second.
//
// An Encoder may not be used concurrently. It remembers the first error of its
// writer and writes nothing more.
type Encoder struct {
	out         io.Writer
	begin       time.Time
	write, read string
	n           int
	err         error
}

// NewEncoder returns an encoder that writes to out, a line in each call.
func NewEncoder(out io.Writer) *Encoder { return &Encoder{out: out} }

// Begin writes the first line.
func (e *Encoder) Begin(client, write, read string, at time.Time) {
	e.begin, e.write, e.read = at, write, read
	e.line(header{format, client, write, read, at.UTC()})
}

// Write writes the line of a write.
func (e *Encoder) Write(w Write) {
	kind := kindManaged
	if w.Explicit {
		kind = kindExplicit
	}
	outcome := ""
	switch w.Outcome {
	case Failed:
		outcome = outcomeFailed
	case Unknown:
		outcome = outcomeUnknown
	}
	e.operation(kind, w.ID, w.Start, w.End, outcome, w.Err)
}

// Read writes the line of a read.
func (e *Encoder) Read(r Read) {
	kind := kindRead
	if r.Stream {
		kind = kindStream
	}
	e.operation(kind, int64(r.Records), r.Start, r.End, failed(r.Err), r.Err)
}

// Connection writes the line of a new client.
func (e *Encoder) Connection(c Connection) {
	kind, answered := kindConnectRead, int64(0)
	if c.Gateway == e.write {
		kind = kindConnectWrite
	}
	if c.Answered {
		answered = 1
	}
	e.operation(kind, answered, c.Start, c.End, failed(c.Err), c.Err)
}

func failed(err string) string {
	if err == "" {
		return ""
	}
	return outcomeFailed
}

// End writes the last line and returns the first error of all.
func (e *Encoder) End() error {
	e.line(footer{e.n})
	if e.err != nil {
		return fmt.Errorf("write the history: %w", e.err)
	}
	return nil
}

// longestError is how much of an error's text is told.
const longestError = 240

func (e *Encoder) operation(kind string, number int64, start, end time.Time, outcome, text string) {
	e.n++
	milliseconds := func(d time.Duration, decimals int) json.Number {
		return json.Number(strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', decimals, 64))
	}
	line := []any{e.n, kind, number, milliseconds(end.Sub(e.begin), 0), milliseconds(end.Sub(start), 1)}
	if outcome != "" {
		line = append(line, outcome, strings.ToValidUTF8(text[:min(len(text), longestError)], ""))
	}
	e.line(line)
}

func (e *Encoder) line(value any) {
	if e.err != nil {
		return
	}
	text, err := json.Marshal(value)
	if err == nil {
		_, err = e.out.Write(append(text, '\n'))
	}
	e.err = err
}
