package figures

import (
	"fmt"

	"memgraph-controller/bench/ratio"
)

// Goal is what one measure is to reach, and what it must not fall short of.
type Goal struct {
	Measure string
	// Of is the ratio that the measure is.
	Of func(Result) ratio.Estimate
	// From is the smallest number of replicas that the goal is about.
	From int
	// Want is the goal in words, and Reached whether a ratio reaches it.
	Want    func(replicas int) string
	Reached func(r ratio.Estimate, replicas int) bool
	// Gate is the threshold of the gate in words, Passed whether a ratio is on its good
	// side, and Why the reason for the threshold.
	Gate   func(replicas int) string
	Passed func(r ratio.Estimate, replicas int) bool
	Why    string
}

const (
	// PerReplica is how much of the main's throughput each replica is to add.
	PerReplica = 0.9
	// perReplicaAtLeast is that of the gate.
	perReplicaAtLeast = 0.8
	// lower is the share of the main's latency that is left with two replicas and more:
	// 30 % lower.
	lower = 0.7
	// even is how much the busiest replica may do, by the mean of all.
	even = 1.1
	// lopsided is that of the gate.
	lopsided = 1.25
)

// notAbove tells that a ratio may be 1 or less: its confidence interval says nothing else.
func notAbove(r ratio.Estimate, _ int) bool { return r.Low <= 1 }

// Goals are all of them.
func Goals() []Goal {
	return []Goal{
		{
			Measure: "reads answered", Of: func(r Result) ratio.Estimate { return r.Throughput }, From: 1,
			Want:    func(n int) string { return fmt.Sprintf("at least %.1f times", PerReplica*float64(n)) },
			Reached: func(r ratio.Estimate, n int) bool { return r.Median >= PerReplica*float64(n) },
			Gate:    func(n int) string { return fmt.Sprintf("%.1f times", perReplicaAtLeast*float64(n)) },
			Passed:  func(r ratio.Estimate, n int) bool { return r.Median >= perReplicaAtLeast*float64(n) },
			Why: "Both halves are held by the same limit of CPU, so the ratio hardly depends on the machine. " +
				"A gateway that leaves out one of four replicas reaches 0.75 per replica, and less with fewer: 0.8 is above that, " +
				"and a tenth below the goal for what a busy machine takes.",
		},
		{
			Measure: "latency of reads", Of: func(r Result) ratio.Estimate { return r.Latency }, From: 2,
			Want:    func(int) string { return fmt.Sprintf("at most %.1f times", lower) },
			Reached: func(r ratio.Estimate, _ int) bool { return r.Median <= lower },
			Gate:    func(int) string { return "not above 1 for certain" },
			Passed:  notAbove,
			Why: "How far latency falls depends on how full the main is, which the machine decides with the speed of its cores. " +
				"Only that reads do not get slower is asked: the whole confidence interval above 1.",
		},
		{
			Measure: "latency of writes", Of: func(r Result) ratio.Estimate { return r.Writes }, From: 1,
			Want:    func(int) string { return "not above 1 for certain" },
			Reached: notAbove,
			Gate:    func(int) string { return "not above 1 for certain" },
			Passed:  notAbove,
			Why:     "The goal itself: it already allows for what one run cannot tell.",
		},
		{
			Measure: "busiest replica to the mean", Of: func(r Result) ratio.Estimate { return r.Spread }, From: 2,
			Want:    func(int) string { return fmt.Sprintf("at most %.1f times", even) },
			Reached: func(r ratio.Estimate, _ int) bool { return r.Median <= even },
			Gate:    func(int) string { return fmt.Sprintf("%.2f times", lopsided) },
			Passed:  func(r ratio.Estimate, _ int) bool { return r.Median <= lopsided },
			Why: "Each gateway spreads its own connections, to within one; which gateway a connection comes to is the Service's chance. " +
				"A replica that is left out makes 1.33 with four replicas, and more with fewer; up to 1.25 is chance.",
		},
	}
}

// Verdict is a goal and what was measured of it.
type Verdict struct {
	Goal     Goal
	Replicas int
	Ratio    ratio.Estimate
}

// Judge holds results against the goals that are about them.
func Judge(results []Result) (verdicts []Verdict) {
	for _, r := range results {
		for _, g := range Goals() {
			if r.Replicas >= g.From {
				verdicts = append(verdicts, Verdict{g, r.Replicas, g.Of(r)})
			}
		}
	}
	return verdicts
}

// Reached tells whether the goal is. What is not measured reaches none.
func (v Verdict) Reached() bool { return v.Ratio.N > 0 && v.Goal.Reached(v.Ratio, v.Replicas) }

// Passed tells whether the gate is.
func (v Verdict) Passed() bool { return v.Ratio.N > 0 && v.Goal.Passed(v.Ratio, v.Replicas) }

// Faults are how results fail the gate: a measure on the wrong side of its threshold, or a
// read or write that failed, since nothing was broken.
func Faults(results []Result) (faults []string) {
	for _, v := range Judge(results) {
		if !v.Passed() {
			faults = append(faults, fmt.Sprintf("%d replicas: %s: %s; the gate is %s", v.Replicas, v.Goal.Measure, v.Ratio, v.Goal.Gate(v.Replicas)))
		}
	}
	for _, r := range results {
		if r.Errors > 0 {
			faults = append(faults, fmt.Sprintf("%d replicas: %d reads and writes failed", r.Replicas, r.Errors))
		}
	}
	return faults
}
