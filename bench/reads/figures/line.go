package figures

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// String is the pair as a person sees it while the bench runs.
func (p Pair) String() string {
	text := fmt.Sprintf("%d replicas %-10s %2d: %s | %s", p.Replicas, p.Load, p.Number, p.Write, p.Read)
	if p.Void != "" {
		text += " VOID: " + p.Void
	}
	return text
}

// String is the window in short.
func (w Window) String() string {
	var used []string
	for _, name := range slices.Sorted(maps.Keys(w.Used)) {
		used = append(used, fmt.Sprintf("%.0f", 1000*w.Used[name]))
	}
	return fmt.Sprintf("%3.0f reads/s in %.0f ms, writes %.0f ms, %s mCPU, %.0f %% idle, %d errors",
		w.Reads.Rate, w.Reads.Mean, w.Writes.Mean, strings.Join(used, "/"), 100*w.Idle, w.Reads.Errors+w.Writes.Errors)
}
