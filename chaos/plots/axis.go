package plots

import (
	"fmt"
	"math"
	"time"

	"memgraph-controller/chaos/plots/svg"
)

// axis is a horizontal one of times, with a logarithmic scale in whole decades.
type axis struct {
	low, high   float64 // seconds
	left, right float64 // pixels
}

// shortest is where an axis begins at the latest, and where what is shorter, such
// as a gap of no time at all, is drawn.
const shortest = 0.01

// newAxis fits all values and the promise.
func newAxis(left, right float64, all ...distribution) axis {
	low, high := shortest*10, promised
	for _, d := range all {
		if len(d) > 0 {
			low, high = min(low, d[0]), max(high, d.largest())
		}
	}
	decade := func(v float64, round func(float64) float64) float64 { return math.Pow(10, round(math.Log10(v))) }
	return axis{decade(max(low, shortest), math.Floor), decade(high, math.Ceil), left, right}
}

// at is where a time is drawn.
func (a axis) at(v float64) float64 {
	share := math.Log10(max(v, a.low)/a.low) / math.Log10(a.high/a.low)
	return a.left + share*(a.right-a.left)
}

// draw draws the grid between two heights, with the times below it and the promise
// in front of it.
func (a axis) draw(p *svg.Picture, top, bottom float64) {
	for decade := a.low; decade < a.high*1.01; decade *= 10 {
		for _, step := range []float64{1, 2, 5} {
			if v := decade * step; v < a.high*1.01 {
				p.Line("grid", a.at(v), top, a.at(v), bottom)
				p.Text("tick", a.at(v), bottom+16, "middle", readable(v))
			}
		}
	}
	p.Line("limit", a.at(promised), top-6, a.at(promised), bottom)
	p.Text("limit-text", a.at(promised), top-9, "middle", "promised "+readable(promised))
}

// readable is a time as people write it. What decades and their multiples lose by
// being binary fractions is rounded away.
func readable(s float64) string {
	d := time.Duration(math.Round(s*1000)) * time.Millisecond
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%g s", d.Seconds())
}
