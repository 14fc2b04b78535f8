package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	"memgraph-controller/e2e/kube/report"
	"memgraph-controller/e2e/workload"
)

// Scenario is a test at work: what it is about, and what it will report.
type Scenario struct {
	testing.TB
	*Release
	// Full asks for the promised numbers.
	Full bool

	result *report.Result
}

// Begin begins a scenario, which adds its result to the reports when the test
// ends.
func Begin(t testing.TB, r *Release, name string, full bool, reports report.Dir) *Scenario {
	s := &Scenario{TB: t, Release: r, Full: full, result: &report.Result{
		Test: name, Began: time.Now(), Measured: map[string]report.Numbers{}, Counted: map[string]int{},
	}}
	t.Cleanup(func() {
		if err := reports.Add(s.verdict()); err != nil {
			t.Errorf("report: %v", err)
		}
	})
	return s
}

func (s *Scenario) verdict() report.Result {
	r := s.result
	r.Seconds = time.Since(r.Began).Seconds()
	switch {
	case r.Verdict == report.Void:
	case s.Failed():
		r.Verdict, r.Why = report.Failed, "see the log of the test"
	default:
		r.Verdict = report.Passed
	}
	return *r
}

// On is the same scenario on another release.
func (s *Scenario) On(r *Release) *Scenario {
	return &Scenario{TB: s.TB, Release: r, Full: s.Full, result: s.result}
}

// Rounds is how often a fault is injected: the promised number, or a few times.
func (s *Scenario) Rounds(promised, few int) int {
	if s.Full {
		return promised
	}
	return few
}

// Void ends the test, because it proved nothing.
func (s *Scenario) Void(format string, args ...any) {
	s.Helper()
	s.result.Verdict, s.result.Why = report.Void, fmt.Sprintf(format, args...)
	s.Fatalf("void: %s", s.result.Why)
}

// Measure logs a distribution and puts it in the report.
func (s *Scenario) Measure(name string, d workload.Distribution) {
	s.Helper()
	s.Logf("%-32s %s", name, d)
	s.result.Measured[name] = report.Of(d)
}

// Count logs a number and puts it in the report.
func (s *Scenario) Count(name string, n int) {
	s.Helper()
	s.Logf("%-32s %d", name, n)
	s.result.Counted[name] = n
}

// Eventually waits for a condition; see eventually.
func (s *Scenario) Eventually(ctx context.Context, what string, within time.Duration, met func(context.Context) error) {
	s.Helper()
	eventually(ctx, s, what, within, met)
}
