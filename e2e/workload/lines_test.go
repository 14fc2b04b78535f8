package workload

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// begin is when the histories of these tests begin.
func begin() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 123_456_789, time.UTC) }

// after is so many milliseconds later.
func after(ms float64) time.Time { return begin().Add(milliseconds(ms)) }

// sample has an operation of each kind, each with each outcome.
func sample() History {
	const client = "go 5"
	return History{
		Writes: []Write{
			{client, 100, false, after(1), after(5), Acknowledged, ""},
			{client, 101, true, after(2), after(6), Acknowledged, ""},
			{client, 102, false, after(3), after(30_003), Unknown, "timeout"},
			{client, 103, true, after(4), after(8), Failed, "connection reset\nby \"peer\""},
			{client, 104, true, after(5), after(9), Unknown, "commit: EOF"},
		},
		Reads: []Read{
			{Client: client, Records: 1, Start: after(1.5), End: after(2)},
			{Client: client, Stream: true, Records: streamRecords, Start: after(1), End: after(100)},
			{Client: client, Stream: true, Records: 17, Start: after(2), End: after(3), Err: "the stream ended"},
		},
		Connections: []Connection{
			{client, "w:1", after(1), after(4), true, ""}, {client, "r:1", after(2), after(5), true, "EOF"},
			{client, "r:1", after(3), after(6), false, "refused"},
		},
	}
}

func encode(h History) *bytes.Buffer {
	out := &bytes.Buffer{}
	e := NewEncoder(out)
	e.Begin("go 5", "w:1", "r:1", begin())
	for _, w := range h.Writes {
		e.Write(w)
	}
	for _, r := range h.Reads {
		e.Read(r)
	}
	for _, c := range h.Connections {
		e.Connection(c)
	}
	_ = e.End() // a buffer takes everything
	return out
}

func TestLinesGiveBackTheHistory(t *testing.T) {
	d := NewDecoder("")
	lines := strings.SplitAfter(strings.TrimSuffix(encode(sample()).String(), "\n"), "\n")
	for n, line := range lines {
		require.Equal(t, n > 0, d.Begun())
		require.False(t, d.Ended())
		require.NoError(t, d.Line([]byte(line)))
	}
	require.True(t, d.Ended())
	require.Equal(t, sample(), d.History())
	require.Equal(t, 2, d.Acknowledged())
}

func TestThePlaceIsPartOfTheClientsName(t *testing.T) {
	d := NewDecoder(" in a pod")
	for line := range bytes.Lines(encode(sample()).Bytes()) {
		require.NoError(t, d.Line(line))
	}
	require.Equal(t, "go 5 in a pod", d.History().Writes[0].Client)
	require.Equal(t, "go 5 in a pod", d.History().Reads[0].Client)
	require.Equal(t, "go 5 in a pod", d.History().Connections[0].Client)
}

func TestALogThatIsReadAgainFromItsBeginningCountsOnce(t *testing.T) {
	lines := bytes.SplitAfter(encode(sample()).Bytes(), []byte("\n"))
	lines = lines[:len(lines)-1] // the rest after the last line break
	random := rand.New(rand.NewPCG(1, 1))
	d := NewDecoder("")
	for !d.Ended() {
		for _, line := range lines[:random.IntN(len(lines))+1] {
			require.NoError(t, d.Line(line))
		}
	}
	require.NoError(t, d.Line(lines[3]), "also after the end")
	require.Equal(t, sample(), d.History())
}

func TestLinesThatAreMissingOrWrongAreErrors(t *testing.T) {
	const good = `{"history":1,"client":"go 5","write":"w:1","read":"r:1","begin":"2026-11-22T10:00:00Z"}`
	const one = `[1,"w",100,12,3.4]`
	for name, c := range map[string]struct {
		before []string
		line   string
		says   string
	}{
		"no header":                 {nil, one, "the first line has to be the header"},
		"no header but the end":     {nil, `{"end":0}`, "the first line has to be the header"},
		"another format":            {nil, `{"history":2,"client":"go 5","write":"w:1","read":"r:1","begin":"2026-11-22T10:00:00Z"}`, "format 2; this program reads format 1"},
		"unknown field":             {nil, `{"history":1,"language":"go"}`, `unknown field "language"`},
		"another client":            {[]string{good}, strings.Replace(good, "go 5", "go 6", 1), "another client's header"},
		"an operation is missing":   {[]string{good, one}, `[4,"w",100,12,3.4]`, "2 operations are missing before it"},
		"the first is missing":      {[]string{good}, `[2,"w",100,12,3.4]`, "1 operations are missing before it"},
		"the last ones are missing": {[]string{good, one}, `{"end":3}`, "2 operations are missing before the last line"},
		"an operation too many":     {[]string{good, one, `{"end":1}`}, `[2,"w",101,12,3.4]`, "an operation after the last line"},
		"number 0":                  {[]string{good}, `[0,"w",100,12,3.4]`, "the first one is 1"},
		"unknown kind":              {[]string{good}, `[1,"q",100,12,3.4]`, `unknown kind "q"`},
		"half a line":               {[]string{good}, `[1,"w",100,12`, "unexpected"},
		"two lines in one":          {[]string{good}, one + one, "more than one value"},
		"a field too few":           {[]string{good}, `[1,"w",100,12]`, "4 fields"},
		"an outcome without a text": {[]string{good}, `[1,"w",100,12,3.4,"unknown"]`, "6 fields"},
		"an empty text":             {[]string{good}, `[1,"w",100,12,3.4,"unknown",""]`, "with a text"},
		"another outcome":           {[]string{good}, `[1,"w",100,12,3.4,"lost","x"]`, `outcome "lost"`},
		"a read that is unknown":    {[]string{good}, `[1,"r",1,12,3.4,"unknown","x"]`, `outcome "unknown" of kind "r"`},
		"a text as a number":        {[]string{good}, `[1,"w","100",12,3.4]`, "field 3"},
		"no JSON":                   {[]string{good}, `Traceback (most recent call last):`, "invalid character"},
		"nothing":                   {[]string{good}, ``, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder("")
			for _, line := range c.before {
				require.NoError(t, d.Line([]byte(line)))
			}
			before := d.History()
			require.ErrorContains(t, d.Line([]byte(c.line)), c.says)
			require.Equal(t, before, d.History(), "a line that is wrong counts for nothing")
		})
	}
}

// A kubelet starts a new file after 10 MiB, and only the newest can be read again.
// It adds a time stamp and two fields to each line.
func TestTenMinutesFitIntoTheLogThatAKubeletKeeps(t *testing.T) {
	const perLine = len("2026-11-22T10:00:00.123456789Z stdout F ")
	size := 0
	e := NewEncoder(writerFunc(func(p []byte) (int, error) {
		size += len(p) + perLine
		return len(p), nil
	}))
	e.Begin("go 5", "w:1", "r:1", begin())
	for n := range 600 * 100 {
		at := after(float64(n) * 10)
		e.Write(Write{ID: int64(1_000_000 + n), Start: at, End: at.Add(time.Duration(n%200) * 100 * time.Microsecond)})
		e.Read(Read{Records: 1, Start: at, End: at.Add(time.Duration(n%100) * 100 * time.Microsecond)})
		if n%10 == 0 {
			e.Connection(Connection{Gateway: "w:1", Answered: true, Start: at, End: at.Add(10 * time.Millisecond)})
		}
	}
	require.NoError(t, e.End())
	require.Less(t, size, 10<<20)
	require.Greater(t, size, 5<<20, "this measures something")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestAWriterThatFailsEndsTheLinesAndIsTold(t *testing.T) {
	full, calls := errors.New("no space left"), 0
	e := NewEncoder(writerFunc(func([]byte) (int, error) { calls++; return 0, full }))
	e.Begin("go 5", "w:1", "r:1", begin())
	e.Write(Write{ID: 1})
	require.ErrorIs(t, e.End(), full)
	require.Equal(t, 1, calls)
}

func TestLongErrorsAreCutToValidText(t *testing.T) {
	history := History{Writes: []Write{{ID: 1, Outcome: Unknown, Err: strings.Repeat("€", 1000)}}}
	d := NewDecoder("")
	for line := range bytes.Lines(encode(history).Bytes()) {
		require.NoError(t, d.Line(line))
	}
	require.Equal(t, strings.Repeat("€", longestError/3), d.History().Writes[0].Err)
}
