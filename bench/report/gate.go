package report

import (
	"errors"
	"fmt"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/record"
)

// threshold is a limit that a change must not exceed. It is not a goal: it is what
// was reached, with room for noise, so that nobody loses it without noticing.
type threshold struct {
	title    string
	workload string
	metric   record.Metric
	goal     goal
	why      string
}

// thresholds are for what was seen to be the same from run to run: counts, and ratios
// of processor time. Latencies are not among them: on a machine that others use too
// p99 of the same program differs by half from run to run.
func thresholds() []threshold {
	return []threshold{
		{"allocations per round trip, 32 connections", cost.RoundTrips(32), cost.Allocations, goal{atMost: 0.05},
			"The pumps allocate nothing; what is counted is the measurement itself, 0.01 at most. One more in a round trip is 1."},
		{"context switches per round trip, 1 connection", cost.RoundTrips(1), cost.Switches, goal{atMost: 3},
			"One wait in each direction is 2. Calls that the Go scheduler is told of made them 5."},
		{"system calls per round trip, 1 connection", cost.Syscalls, cost.Calls, goal{atMost: 11},
			"A wait, a read, a write and an attempt to read on, in each direction, are 8; 9.4 were seen. One more in each direction is 2."},
		{"CPU per round trip, 1 connection", cost.RoundTrips(1), cost.CPU, times(1.25),
			"0.9 to 1.07 were seen. Calls that the Go scheduler is told of made it 1.4."},
		{"CPU per round trip, 32 connections", cost.RoundTrips(32), cost.CPU, times(1.25),
			"1.04 to 1.14 were seen: beyond this the gateway has become slower, not the machine."},
		{"CPU per round trip, 256 connections", cost.RoundTrips(256), cost.CPU, times(1.4),
			"1.05 to 1.2 were seen, and more noise than with fewer connections."},
		{"CPU per GB", cost.Bulk, cost.CPUPerGB, times(1.15),
			"0.8 to 1.0 were seen. A tracker that walks rows in small steps made it 1.35."},
		{"CPU per connection", cost.Connect, cost.CPU, times(1.9),
			"1.42 to 1.55 were seen, about as much as io.Copy in the same runtime."},
		{"memory of 10,000 idle sessions, MB", cost.Idle, cost.Memory, goal{atMost: 110},
			"85 to 93 were seen. Stacks of 4 kB instead of 2 made it 120; a buffer of 4 kB that a session keeps is 41 more."},
	}
}

func (t threshold) row() row {
	return row{workload: t.workload, title: t.title, metric: t.metric, scale: 1, goal: t.goal}
}

// Gate returns an error that names every threshold that is exceeded.
func (r *Results) Gate() error {
	var errs []error
	for _, t := range thresholds() {
		e, err := r.judged(t.row(), contender.GatewayWrites)
		if err != nil {
			errs = append(errs, err)
		} else if exceeds(e, t) {
			errs = append(errs, fmt.Errorf("%s: %.2f [%.2f, %.2f], must be %s: %s", t.title, e.Median, e.Low, e.High, t.goal, t.why))
		}
	}
	return errors.Join(errs...)
}

func exceeds(e ratio.Estimate, t threshold) bool { return e.Low > t.goal.atMost }

// gateTable shows every threshold with what was measured, and its reason.
func (r *Results) gateTable() (table, error) {
	t := table{{"gateway, writes", "measured", "threshold", "", "why this one"}}
	for _, threshold := range thresholds() {
		e, err := r.judged(threshold.row(), contender.GatewayWrites)
		if err != nil {
			return nil, err
		}
		verdict := "passed"
		if exceeds(e, threshold) {
			verdict = "**exceeded**"
		}
		t = append(t, []string{threshold.title, fmt.Sprintf("%.2f [%.2f, %.2f]", e.Median, e.Low, e.High), threshold.goal.String(), verdict, threshold.why})
	}
	return t, nil
}
