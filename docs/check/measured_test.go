package check

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// figures is a row of the report of the chaos suite.
type figures struct {
	rounds           int
	median, p99, max float64
}

// reported are the times without an acknowledged write by fault, and the phases of failovers
// by name, of the report that the raw results beside it are held to by another test.
func reported(t *testing.T) (writes, phases map[string]figures) {
	t.Helper()
	writes, phases = map[string]figures{}, map[string]figures{}
	report := page(t, "docs/chaos/README.md")
	for n, table := range report.Tables() {
		for _, row := range table.Rows {
			switch {
			case n == 0:
				require.Equal(t, []string{"fault", "n", "p50 (s)", "p99 (s)", "max (s)"}, table.Head[:5])
				writes[row.Cells[0]] = figuresOf(t, row.Cells)
			case table.Head[0] == "phase":
				phases[strings.TrimPrefix(row.Cells[0], "failover: ")] = figuresOf(t, row.Cells)
			}
		}
	}
	require.Greater(t, len(writes), 50)
	require.NotEmpty(t, phases)
	return writes, phases
}

func figuresOf(t *testing.T, cells []string) (f figures) {
	t.Helper()
	var err error
	f.rounds, err = strconv.Atoi(cells[1])
	require.NoError(t, err)
	for n, to := range []*float64{&f.median, &f.p99, &f.max} {
		*to, err = strconv.ParseFloat(cells[2+n], 64)
		require.NoError(t, err)
	}
	return f
}

// The columns "measured" hold what the report says of the names in the same row. UPDATE=1
// writes them.
func TestMeasuredFiguresAreThoseOfTheReport(t *testing.T) {
	writes, phases := reported(t)
	said := map[string]bool{}
	for path, say := range map[string]func(names []string) string{
		"docs/failures.md": func(names []string) string {
			for _, name := range names {
				said[name] = true
			}
			return losses(t, writes, names)
		},
		"docs/concepts.md": func(names []string) string {
			require.Contains(t, phases, names[0], "the report has no such phase")
			f := phases[names[0]]
			return fmt.Sprintf("%.2f s, %.2f s (%d)", f.median, f.p99, f.rounds)
		},
	} {
		file := filepath.Join(root, path)
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		want := withMeasured(t, string(source), say)
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(source), "run `UPDATE=1 go test ./docs/check`")
	}
	for name := range writes {
		require.True(t, said[name] || name == "all", "docs/failures.md says nothing of %s, which was measured", name)
	}
}

// losses says of some faults what the medians were, what was the most, and in how many rounds.
func losses(t *testing.T, writes map[string]figures, names []string) string {
	t.Helper()
	var medians []float64
	var most float64
	var rounds int
	for _, name := range names {
		require.Contains(t, writes, name, "the report has no such fault")
		f := writes[name]
		medians, most, rounds = append(medians, f.median), max(most, f.max), rounds+f.rounds
	}
	least, greatest := slices.Min(medians), slices.Max(medians)
	median := fmt.Sprintf("%.2f", least)
	if greatest > least {
		median += fmt.Sprintf(" to %.2f", greatest)
	}
	return fmt.Sprintf("%s s, at most %.2f s (%d)", median, most, rounds)
}

// withMeasured is a page with its columns "measured" filled in, if it has one. A table's row is
// one line, and no cell of these has a | in it.
func withMeasured(t *testing.T, source string, say func(names []string) string) string {
	t.Helper()
	var out strings.Builder
	column, filled := -1, 0
	for line := range strings.Lines(source) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		switch {
		case !strings.HasPrefix(line, "|"):
			column = -1
		case column < 0:
			column = slices.IndexFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "measured" })
			if column < 0 {
				column = len(cells) // a table without one
			}
		case column < len(cells) && !strings.HasPrefix(line, "|---"):
			var names []string
			for n, part := range strings.Split(cells[len(cells)-1]+cells[0], "`") {
				if n%2 == 1 {
					names = append(names, part)
				}
			}
			if len(names) > 0 && !testName.MatchString(names[0]) {
				cells[column] = " " + say(names) + " "
				line = "|" + strings.Join(cells, "|") + "|\n"
				filled++
			}
		}
		out.WriteString(line)
	}
	require.Positive(t, filled)
	return out.String()
}
