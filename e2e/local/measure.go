package local

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

// Distribution is measured durations.
type Distribution []time.Duration

// Quantile returns the value that a share q of all do not exceed.
func (d Distribution) Quantile(q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// Max returns the longest.
func (d Distribution) Max() time.Duration { return d.Quantile(1) }

// String is the line that goes into logs and tables.
func (d Distribution) String() string {
	ms := func(q float64) time.Duration { return d.Quantile(q).Round(time.Millisecond) }
	return fmt.Sprintf("n=%d p50=%s p99=%s max=%s", len(d), ms(0.5), ms(0.99), ms(1))
}

// Measured is what one test reports: distributions by name.
type Measured map[string]Distribution

// phases adds the phases of the failovers of a kind that began after since.
func (m Measured) phases(failovers []api.Failover, kind api.FailoverKind, since time.Time) {
	for _, f := range failovers {
		if f.Kind != kind || f.Started.Before(since) {
			continue
		}
		for _, p := range f.Phases {
			m["phase "+string(p.Name)] = append(m["phase "+string(p.Name)], time.Duration(p.Duration))
		}
	}
}

// Report prints the distributions and, where REPORT_DIR is set, writes them to
// a file named after the test.
func (m Measured) Report(t testing.TB) {
	t.Helper()
	file := map[string]map[string]any{}
	for _, name := range sortedKeys(m) {
		d := m[name]
		t.Logf("%-24s %s", name, d)
		file[name] = map[string]any{
			"n": len(d), "p50_seconds": d.Quantile(0.5).Seconds(), "p99_seconds": d.Quantile(0.99).Seconds(),
			"max_seconds": d.Max().Seconds(), "all_seconds": seconds(d),
		}
	}
	dir := os.Getenv("REPORT_DIR")
	if dir == "" {
		return
	}
	text, err := json.MarshalIndent(file, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".json"), text, 0o600))
}

func seconds(d Distribution) []float64 {
	list := make([]float64, len(d))
	for i, v := range d {
		list[i] = v.Seconds()
	}
	return list
}

func sortedKeys(m Measured) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
