package report

import (
	"fmt"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/ratio"
)

// verdict is what a row says about its goal. The gateway for writes is judged: it
// does all that the one for reads does, and looks at its clock besides.
type verdict struct {
	row
	reached bool
	// sure is false where the interval holds values on both sides of the goal.
	sure bool
}

func (v verdict) String() string {
	text := "reached"
	if !v.reached {
		text = "**NOT reached**"
	}
	if !v.sure {
		text += " (within noise)"
	}
	return text
}

// judge compares the gateway with a row's goal.
func (r *Results) judge(row row) (verdict, error) {
	e, err := r.judged(row, contender.GatewayWrites)
	if err != nil {
		return verdict{}, err
	}
	return verdict{row, e.Median <= row.goal.atMost, e.High <= row.goal.atMost || e.Low > row.goal.atMost}, nil
}

// judged is what a goal is about: a ratio, or a value.
func (r *Results) judged(row row, who string) (ratio.Estimate, error) {
	if row.goal.against != "" {
		return r.compare(row.of(who), row.goal.against)
	}
	e, err := r.median(row.of(who))
	return ratio.Estimate{Median: e.Median * row.scale, Low: e.Low * row.scale, High: e.High * row.scale, N: e.N}, err
}

// ratioText is how many times HAProxy's value a contender's is, or nothing where
// HAProxy has none.
func (r *Results) ratioText(row row, who string) (string, error) {
	if !r.has(row.of(compared)) {
		return "", nil
	}
	e, err := r.compare(row.of(who), compared)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.2f [%.2f, %.2f]", e.Median, e.Low, e.High), nil
}
