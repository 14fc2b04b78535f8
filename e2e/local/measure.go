package local

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

// Measured is what one test reports: distributions by name.
type Measured map[string]workload.Distribution

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
	for _, name := range slices.Sorted(maps.Keys(m)) {
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

func seconds(d workload.Distribution) []float64 {
	list := make([]float64, len(d))
	for i, v := range d {
		list[i] = v.Seconds()
	}
	return list
}
