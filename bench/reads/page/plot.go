package page

import (
	"fmt"
	"math"
	"slices"

	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/chaos/plots/svg"
)

// The plot's size and its frame, in pixels.
const (
	width, height            = 640.0, 400.0
	left, right, top, bottom = 60.0, 610.0, 50.0, 350.0
)

// plot shows how many times as many reads are answered, by the number of replicas, with
// the ideal and the goal.
func plot(results []figures.Result) []byte {
	most := results[len(results)-1].Replicas
	highest := float64(most)
	for _, r := range results {
		highest = max(highest, r.Throughput.High)
	}
	c := &chart{Picture: svg.New(width, height, "Reads answered at saturation, read gateway to write gateway"), most: float64(most) + 0.25, highest: math.Ceil(highest)}
	c.grid(most)
	c.Path("b", c.point(0, 0)+"L"+c.at(float64(most), float64(most)))
	c.Path("limit", c.point(0, 0)+"L"+c.at(float64(most), figures.PerReplica*float64(most)))
	c.measured(slices.DeleteFunc(slices.Clone(results), func(r figures.Result) bool { return r.Throughput.N == 0 }))
	c.legend()
	return c.End()
}

// chart is a picture with axes from 0.
type chart struct {
	*svg.Picture
	most, highest float64
}

// grid draws a line for each whole ratio and names the numbers of replicas.
func (c *chart) grid(most int) {
	for v := 0.0; v <= c.highest; v++ {
		c.Path("grid", c.point(0, v)+"L"+c.at(c.most, v))
		c.Text("", left-8, c.y(v)+4, "end", fmt.Sprintf("%gx", v))
	}
	for n := range most + 1 {
		c.Text("", c.x(float64(n)), bottom+18, "middle", fmt.Sprint(n))
	}
	c.Text("", (left+right)/2, bottom+38, "middle", "replicas in the read pool")
}

// measured draws the medians with their intervals.
func (c *chart) measured(results []figures.Result) {
	line, dots := "", ""
	for i, r := range results {
		n := float64(r.Replicas)
		line += either(i == 0, "M", "L") + c.at(n, r.Throughput.Median)
		dots += svg.Dot(c.x(n), c.y(r.Throughput.Median))
		c.interval(n, r.Throughput)
		c.Text("a-text", c.x(n)+10, c.y(r.Throughput.Median)+16, "start", fmt.Sprintf("%.2f", r.Throughput.Median))
	}
	c.Path("a", line)
	c.Path("dots", dots)
}

// interval is a bar with ends.
func (c *chart) interval(n float64, r ratio.Estimate) {
	bar := c.point(n, r.Low) + "L" + c.at(n, r.High)
	for _, end := range []float64{r.Low, r.High} {
		bar += fmt.Sprintf("M%s %sh10", svg.Number(c.x(n)-5), svg.Number(c.y(end)))
	}
	c.Path("a", bar)
}

func (c *chart) legend() {
	for i, entry := range []struct{ class, text string }{
		{"a", "measured, with its 95 % confidence interval"},
		{"b", "ideal: each replica as much as the main alone"},
		{"limit", fmt.Sprintf("goal: %g of that", figures.PerReplica)},
	} {
		y := top + 12 + 18*float64(i)
		c.Path(entry.class, fmt.Sprintf("M%g %gh28", left+12, y-4))
		c.Text("", left+48, y, "start", entry.text)
	}
}

func (c *chart) x(n float64) float64 { return left + (right-left)*n/c.most }
func (c *chart) y(v float64) float64 { return bottom - (bottom-top)*v/c.highest }

func (c *chart) at(n, v float64) string    { return svg.Number(c.x(n)) + " " + svg.Number(c.y(v)) }
func (c *chart) point(n, v float64) string { return "M" + c.at(n, v) }
