package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Script is what the pages leave to one test: the lines of all blocks that name it. The test
// executes what it takes from here, so that a page and its test cannot part: a command that was
// changed is executed as it is now, one that is new fails the test until it is taken.
type Script struct {
	t     testing.TB
	lines []scriptLine
}

type scriptLine struct {
	text  string
	of    Block
	taken bool
}

// ScriptOf reads the script of the test that runs. root is the folder of the pages.
func ScriptOf(t testing.TB, root string) *Script {
	t.Helper()
	pages, err := Pages(root)
	require.NoError(t, err)
	name, _, _ := strings.Cut(t.Name(), "/")
	return scriptOf(t, pages, name)
}

func scriptOf(t testing.TB, pages []Page, test string) *Script {
	t.Helper()
	blocks, err := For(pages, Way(test))
	require.NoError(t, err)
	s := &Script{t: t}
	for _, b := range blocks {
		for _, line := range b.Commands {
			s.lines = append(s.lines, scriptLine{text: line, of: b})
		}
	}
	t.Cleanup(func() {
		for _, l := range s.lines {
			if !l.taken && !t.Failed() && !t.Skipped() {
				t.Errorf("%s: %s does not execute %q", l.of, test, l.text)
			}
		}
	})
	return s
}

// Line takes the one line that begins so, with names in the place of its placeholders (Fill).
// Where several pages have the same one, that is all of them.
func (s *Script) Line(beginning string, names map[string]string) string {
	s.t.Helper()
	var found []string
	for n, l := range s.lines {
		if l.text == beginning || strings.HasPrefix(l.text, beginning+" ") {
			s.lines[n].taken = true
			found = append(found, l.text)
		}
	}
	found = slices.Compact(found)
	require.Len(s.t, found, 1, "lines of the pages that begin with %q", beginning)
	line, err := Fill(found[0], names)
	require.NoError(s.t, err)
	return line
}
