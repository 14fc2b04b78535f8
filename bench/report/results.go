package report

import (
	"errors"
	"fmt"
	"slices"

	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/record"
)

// Results are the lines of one run.
type Results struct {
	machine record.Machine
	rounds  int
	values  map[key]map[int]float64 // by round
}

// key is one value of the report.
type key struct {
	workload  string
	contender string
	metric    record.Metric
}

// ReadFile reads the raw results of a run.
func ReadFile(path string) (*Results, error) {
	lines, err := record.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := newResults(lines)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func newResults(lines []record.Line) (*Results, error) {
	r := &Results{values: map[key]map[int]float64{}}
	for i, line := range lines {
		switch {
		case i == 0 && line.Machine != nil:
			r.machine = *line.Machine
		case i == 0:
			return nil, errors.New("its first line does not say of which machine it is")
		case line.Machine != nil:
			return nil, fmt.Errorf("line %d begins another run", i+1)
		default:
			r.rounds = max(r.rounds, line.Round)
			r.add(line)
		}
	}
	return r, nil
}

func (r *Results) add(line record.Line) {
	for metric, value := range line.Values {
		k := key{line.Workload, line.Contender, metric}
		if r.values[k] == nil {
			r.values[k] = map[int]float64{}
		}
		r.values[k][line.Round] = value
	}
}

// has tells whether a contender has such a value at all.
func (r *Results) has(k key) bool { return len(r.values[k]) > 0 }

// ran tells whether a workload is part of the run.
func (r *Results) ran(workload string) bool {
	for k := range r.values {
		if k.workload == workload {
			return true
		}
	}
	return false
}

// median is that of a value over the rounds.
func (r *Results) median(k key) (ratio.Estimate, error) {
	e, err := ratio.Median(r.values[k])
	if err != nil {
		return e, fmt.Errorf("%s of %s, %s: %w", k.metric, k.contender, k.workload, err)
	}
	return e, nil
}

// compare is the ratio of a contender's value to another one's.
func (r *Results) compare(k key, baseline string) (ratio.Estimate, error) {
	base := k
	base.contender = baseline
	e, err := ratio.Of(r.values[k], r.values[base])
	if err != nil {
		return e, fmt.Errorf("%s of %s against %s, %s: %w", k.metric, k.contender, baseline, k.workload, err)
	}
	return e, nil
}

// sorted are the values of all rounds, from the least to the greatest.
func (r *Results) sorted(k key) (values []float64) {
	for _, v := range r.values[k] {
		values = append(values, v)
	}
	slices.Sort(values)
	return values
}
