package conformance

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ledger is what the facts of a run have found out. It may be used concurrently.
type ledger struct {
	mu      sync.Mutex
	entries []*entry
	version version // of the instances, once somebody has asked
}

// entry is what one fact has found out.
type entry struct {
	test     string
	shows    []string // the findings it is about
	done     bool
	failed   bool
	notAsked string   // why all of it was left out
	partly   []string // why some of it was left out
	changes  []change // that it met
}

// fact says which findings the test is about, and lets it run beside others where
// each has instances of its own.
func fact(t *testing.T, shows ...string) {
	t.Helper()
	alone(t, shows...)
	if _, shared := instances.get(t).(*guests); !shared {
		t.Parallel()
	}
}

// alone is fact for a test that has the machine for itself.
func alone(t *testing.T, shows ...string) {
	t.Helper()
	for _, id := range shows {
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.id == id }) {
			t.Fatalf("there is no finding %s", id)
		}
	}
	results.open(t, shows)
}

// needs leaves the test out where it cannot have what it needs.
func needs(t *testing.T, all ...need) {
	t.Helper()
	for _, n := range all {
		if reason := instances.get(t).lacks(n); reason != "" {
			skip(t, reason)
		}
	}
}

// slow leaves a test out that takes from 3 to 90 s.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("SLOW") == "" {
		skip(t, "it takes long (SLOW=1)")
	}
}

// skip leaves the rest of the test out.
func skip(t *testing.T, reason string) {
	t.Helper()
	results.left(t, reason)
	t.Skip(reason)
}

// unusable fails a test, and not because an instance differs.
func unusable(t *testing.T, err error) {
	t.Helper()
	results.left(t, err.Error())
	t.Fatal(err)
}

func (l *ledger) open(t *testing.T, shows []string) {
	e := &entry{test: t.Name(), shows: shows}
	l.mu.Lock()
	l.entries = append(l.entries, e)
	l.mu.Unlock()
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		e.done, e.failed = true, t.Failed()
	})
}

// of is the entry of a test, or else of the one that it is a part of. A test of the
// suite itself has none that anybody reads.
func (l *ledger) of(t *testing.T) *entry {
	for name := t.Name(); name != ""; name = name[:max(0, strings.LastIndexByte(name, '/'))] {
		for _, e := range l.entries {
			if e.test == name {
				return e
			}
		}
	}
	return &entry{test: t.Name()}
}

func (l *ledger) left(t *testing.T, reason string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.of(t); e.test == t.Name() {
		e.notAsked = reason
	} else {
		e.partly = append(e.partly, reason)
	}
}

func (l *ledger) met(t *testing.T, c change) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.of(t); !slices.Contains(e.changes, c) {
		e.changes = append(e.changes, c)
	}
}

// verdict is what a run says of a finding.
type verdict string

const (
	agrees     verdict = "agrees"
	documented verdict = "differs as documented"
	differs    verdict = "DIFFERS"
	notAsked   verdict = "not asked"
)

// judge says whether the instances agree with the finding, and what there is to add.
func (l *ledger) judge(f finding) (verdict, string) {
	var failed, left, changes []string
	asked := 0
	for _, e := range l.entries {
		switch {
		case !slices.Contains(e.shows, f.id):
		case e.notAsked != "":
			left = append(left, e.notAsked)
		case e.failed:
			failed = append(failed, e.test)
		case e.done:
			asked++
			left = append(left, e.partly...)
			for _, c := range e.changes {
				changes = append(changes, c.String())
			}
		}
	}
	switch {
	case len(failed) > 0:
		return differs, "see " + listed(failed)
	case asked == 0:
		return notAsked, cmp.Or(f.unasked, listed(left), "no test of it ran")
	case len(changes) > 0:
		return documented, listed(changes)
	case len(left) > 0:
		return agrees, "but for a part: " + listed(left)
	}
	return agrees, ""
}

// listed puts each text once.
func listed(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), "; ")
}

// publish prints what was found out, and writes it to REPORT_DIR where there is one.
// Of a run that is not told to be verbose, only what differs is of interest.
func (l *ledger) publish(tested site) error {
	if tested == nil || len(l.entries) == 0 {
		return nil // no fact was asked
	}
	rows, counts := l.rows()
	title := fmt.Sprintf("%s, version %s: %s", tested, l.version, counts)
	fmt.Println(title)
	for _, r := range rows {
		if testing.Verbose() || r.verdict == differs {
			fmt.Printf("%-6s %-22s %s%s\n", r.id, r.verdict, r.what, remark(r.remark))
		}
	}
	dir := os.Getenv("REPORT_DIR")
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "conformance.md"), []byte(page(title, rows)), 0o644)
}

func remark(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// reportRow is a line of the report.
type reportRow struct {
	finding
	verdict verdict
	remark  string
}

// rows are the lines of the report, and how many there are of each verdict.
func (l *ledger) rows() (rows []reportRow, counts string) {
	number := map[verdict]int{}
	for _, f := range findings {
		v, text := l.judge(f)
		number[v]++
		rows = append(rows, reportRow{f, v, text})
	}
	var parts []string
	for _, v := range []verdict{agrees, documented, differs, notAsked} {
		parts = append(parts, fmt.Sprintf("%d %s", number[v], v))
	}
	return rows, strings.Join(parts, ", ")
}

// page is the report as a document.
func page(title string, rows []reportRow) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Conformance\n\n%s.\n\n| finding | verdict | what was observed of Memgraph 3.6.2 | remark |\n|---|---|---|---|\n", title)
	for _, r := range rows {
		cells := []string{r.id, string(r.verdict), r.what, r.remark}
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | "))
	}
	return text.String()
}
