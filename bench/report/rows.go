package report

import (
	"fmt"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/record"
)

// row is one line of the table: a value of every contender, and what is wanted of it.
type row struct {
	workload, title string
	metric          record.Metric
	scale           float64 // from the metric's unit to that of the title
	digits          int
	goal            goal
}

// goal is what the gateway promises to cost. The zero goal promises nothing.
type goal struct {
	atMost float64
	// against is whose value may be exceeded by the factor atMost; "": atMost is
	// the value itself.
	against string
}

func (g goal) promised() bool { return g.atMost > 0 }

func (g goal) String() string {
	switch {
	case !g.promised():
		return ""
	case g.against == "":
		return fmt.Sprintf("≤ %g", g.atMost)
	default:
		return fmt.Sprintf("≤ %g ×", g.atMost)
	}
}

// compared is what ratios are made with: HAProxy as it is without an option.
const compared = contender.HAProxy

func times(factor float64) goal { return goal{factor, compared} }

// rows are those of the table, in its order.
func rows() (all []row) {
	for _, n := range []int{1, 32, 256} {
		w, title := cost.RoundTrips(n), fmt.Sprintf("round trip, %d connection%s: ", n, plural(n))
		all = append(all,
			row{w, title + "p50, µs", cost.P50, 1, 0, times(1)},
			row{w, title + "p99, µs", cost.P99, 1, 0, times(1)},
			row{w, title + "p99.9, µs", cost.P999, 1, 0, times(1)},
			row{w, title + "CPU, µs", cost.CPU, 1, 1, times(1)},
			row{w, title + "context switches", cost.Switches, 1, 2, goal{}},
		)
	}
	return append(all,
		row{cost.Syscalls, "round trip, 1 connection: system calls", cost.Calls, 1, 1, goal{}},
		row{cost.Bulk, "bulk: CPU, ms per GB", cost.CPUPerGB, 1e-3, 0, times(0.6)},
		row{cost.Bulk, "bulk: GB/s", cost.Speed, 1, 2, goal{}},
		row{cost.Connect, "connection: first byte p50, µs", cost.P50, 1, 0, times(1.1)},
		row{cost.Connect, "connection: first byte p99, µs", cost.P99, 1, 0, times(1.1)},
		row{cost.Connect, "connection: CPU, µs", cost.CPU, 1, 0, times(1.1)},
		row{cost.Idle, "10,000 idle sessions: memory, MB", cost.Memory, 1, 0, goal{atMost: 100}},
		row{cost.Idle, "10,000 idle sessions: CPU, % of one", cost.CPUShare, 1, 2, goal{}},
		row{cost.Release, "1,000 held connections let go: last answer, ms", cost.Last, 1e-3, 0, goal{}},
		row{cost.Release, "1,000 held connections let go: CPU, µs each", cost.CPU, 1, 0, goal{}},
		row{cost.Cut, "1,000 sessions cut: last end seen, ms", cost.Last, 1e-3, 0, goal{}},
		row{cost.Cut, "1,000 sessions cut: CPU, µs each", cost.CPU, 1, 0, goal{}},
	)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// of is a contender's value in this row.
func (row row) of(contender string) key { return key{row.workload, contender, row.metric} }
