package report

import (
	"fmt"
	"math"
	"strings"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/ratio"
	"memgraph-controller/chaos/plots/svg"
)

// Measures of a plot, in pixels.
const (
	plotLeft  = 330.0
	plotWidth = 560.0
	plotTop   = 52.0
	rowHeight = 24.0
	margin    = 24.0
)

// scale is a horizontal axis, logarithmic.
type scale struct{ low, high float64 }

func (s scale) at(v float64) float64 {
	share := math.Log(min(max(v, s.low), s.high)/s.low) / math.Log(s.high/s.low)
	return plotLeft + share*plotWidth
}

// ratios draws, for each row with a goal against HAProxy, the ratio with its interval
// and the goal.
func (r *Results) ratios() ([]byte, error) {
	var promised []row
	for _, row := range rows() {
		if row.goal.against != "" {
			promised = append(promised, row)
		}
	}
	bottom := plotTop + rowHeight*float64(len(promised))
	p := svg.New(plotLeft+plotWidth+margin, bottom+2*margin, "The gateway for writes against HAProxy (1 = the same), and the goals")
	x := scale{0.25, 4}
	for _, v := range []float64{0.25, 0.5, 1, 2, 4} {
		p.Line("grid", x.at(v), plotTop, x.at(v), bottom)
		p.Text("tick", x.at(v), bottom+16, "middle", fmt.Sprintf("%g ×", v))
	}
	for i, row := range promised {
		e, err := r.compare(row.of(contender.GatewayWrites), compared)
		if err != nil {
			return nil, err
		}
		drawRatio(p, x, plotTop+rowHeight*(float64(i)+0.5), row, e)
	}
	return p.End(), nil
}

// drawRatio draws a row: the interval as a box, the median in it, the goal dashed.
func drawRatio(p *svg.Picture, x scale, y float64, row row, e ratio.Estimate) {
	const half = rowHeight * 0.3
	p.Text("", plotLeft-10, y+4, "end", row.title)
	from, to := x.at(e.Low), x.at(e.High)
	p.Rect("box", from, y-half, max(to-from, 1), 2*half)
	p.Line("middle", x.at(e.Median), y-half, x.at(e.Median), y+half)
	goal := x.at(row.goal.atMost)
	p.Line("limit", goal, y-half-2, goal, y+half+2)
}

// cpu draws the processor time of a round trip in each round as a dot, by contender.
func (r *Results) cpu(workloads ...string) []byte {
	var keys []key
	for _, w := range workloads {
		for _, c := range contender.All() {
			if k := (key{w, c.Name, cost.CPU}); r.has(k) {
				keys = append(keys, k)
			}
		}
	}
	bottom := plotTop + rowHeight*float64(len(keys))
	p := svg.New(plotLeft+plotWidth+margin, bottom+2*margin, "Processor time of the proxy for each round trip, a dot for each round")
	x := scale{10, 200}
	for _, v := range []float64{10, 20, 50, 100, 200} {
		p.Line("grid", x.at(v), plotTop, x.at(v), bottom)
		p.Text("tick", x.at(v), bottom+16, "middle", fmt.Sprintf("%g µs", v))
	}
	for i, k := range keys {
		r.drawDots(p, x, plotTop+rowHeight*(float64(i)+0.5), k)
	}
	return p.End()
}

func (r *Results) drawDots(p *svg.Picture, x scale, y float64, k key) {
	p.Text("", plotLeft-10, y+4, "end", k.workload+": "+k.contender)
	var d strings.Builder
	for _, v := range r.sorted(k) {
		d.WriteString(svg.Dot(x.at(v), y))
	}
	p.Path("dots", d.String())
}
