package page

import (
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/bench/reads/ratio"
)

// The plot's size and its frame, in pixels.
const (
	width, height            = 640.0, 400.0
	left, right, top, bottom = 60.0, 610.0, 50.0, 350.0
)

// style resolves classes for a light and a dark page. The plot paints its own ground, so
// that it can be read where a page tells it nothing.
const style = `
:root { --ground:#ffffff; --text:#1f2328; --grid:#d1d9e0; --reads:#0969da; --ideal:#59636e }
@media (prefers-color-scheme: dark) { :root { --ground:#0d1117; --text:#e6edf3; --grid:#3d444d; --reads:#4493f8; --ideal:#9198a1 } }
text { font: 12px system-ui, sans-serif; fill: var(--text) }
.title { font-weight: 600; font-size: 14px }
.ground { fill: var(--ground) }
path { fill: none; stroke-width: 2 }
.grid { stroke: var(--grid); stroke-width: 1 }
.ideal { stroke: var(--ideal); stroke-dasharray: 6 4 }
.goal { stroke: var(--ideal); stroke-dasharray: 2 3 }
.reads { stroke: var(--reads) } .reads-text { fill: var(--reads) }
.dot { stroke: var(--reads); stroke-width: 8; stroke-linecap: round }
`

// plot shows how many times as many reads are answered, by the number of replicas, with
// the ideal and the goal.
func plot(results []figures.Result) []byte {
	most := results[len(results)-1].Replicas
	highest := float64(most)
	for _, r := range results {
		highest = max(highest, r.Throughput.High)
	}
	c := &chart{most: float64(most) + 0.25, highest: math.Ceil(highest)}
	c.begin("Reads answered at saturation, read gateway to write gateway")
	c.grid(most)
	c.path("ideal", c.point(0, 0)+"L"+c.at(float64(most), float64(most)))
	c.path("goal", c.point(0, 0)+"L"+c.at(float64(most), figures.PerReplica*float64(most)))
	c.measured(slices.DeleteFunc(slices.Clone(results), func(r figures.Result) bool { return r.Throughput.Pairs == 0 }))
	c.legend()
	return []byte(c.String() + "</svg>\n")
}

// chart is an SVG with axes from 0.
type chart struct {
	strings.Builder
	most, highest float64
}

func (c *chart) begin(title string) {
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(c, "<title>%s</title>\n<style>%s</style>\n", escaped(title), style)
	fmt.Fprintf(c, `<rect class="ground" width="%g" height="%g"/>`+"\n", width, height)
	c.text("title", 12, 24, "start", title)
}

// grid draws a line for each whole ratio and names the numbers of replicas.
func (c *chart) grid(most int) {
	for v := 0.0; v <= c.highest; v++ {
		c.path("grid", c.point(0, v)+"L"+c.at(c.most, v))
		c.text("", left-8, c.y(v)+4, "end", fmt.Sprintf("%gx", v))
	}
	for n := range most + 1 {
		c.text("", c.x(float64(n)), bottom+18, "middle", fmt.Sprint(n))
	}
	c.text("", (left+right)/2, bottom+38, "middle", "replicas in the read pool")
}

// measured draws the medians with their intervals.
func (c *chart) measured(results []figures.Result) {
	line, dots := "", ""
	for i, r := range results {
		n := float64(r.Replicas)
		line += either(i == 0, "M", "L") + c.at(n, r.Throughput.Median)
		dots += c.point(n, r.Throughput.Median) + "h0"
		c.interval(n, r.Throughput)
		c.text("reads-text", c.x(n)+10, c.y(r.Throughput.Median)+16, "start", fmt.Sprintf("%.2f", r.Throughput.Median))
	}
	c.path("reads", line)
	c.path("dot", dots)
}

// interval is a bar with ends.
func (c *chart) interval(n float64, r ratio.Ratio) {
	bar := c.point(n, r.Low) + "L" + c.at(n, r.High)
	for _, end := range []float64{r.Low, r.High} {
		bar += fmt.Sprintf("M%s %sh10", number(c.x(n)-5), number(c.y(end)))
	}
	c.path("reads", bar)
}

func (c *chart) legend() {
	for i, entry := range []struct{ class, text string }{
		{"reads", "measured, with its 95 % confidence interval"},
		{"ideal", "ideal: each replica as much as the main alone"},
		{"goal", fmt.Sprintf("goal: %g of that", figures.PerReplica)},
	} {
		y := top + 12 + 18*float64(i)
		c.path(entry.class, fmt.Sprintf("M%g %gh28", left+12, y-4))
		c.text("", left+48, y, "start", entry.text)
	}
}

func (c *chart) x(n float64) float64 { return left + (right-left)*n/c.most }
func (c *chart) y(v float64) float64 { return bottom - (bottom-top)*v/c.highest }

func (c *chart) at(n, v float64) string    { return number(c.x(n)) + " " + number(c.y(v)) }
func (c *chart) point(n, v float64) string { return "M" + c.at(n, v) }

func (c *chart) path(class, d string) { fmt.Fprintf(c, `<path class="%s" d="%s"/>`+"\n", class, d) }

func (c *chart) text(class string, x, y float64, anchor, text string) {
	fmt.Fprintf(c, `<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`+"\n", class, number(x), number(y), anchor, escaped(text))
}

// number writes a coordinate to a tenth of a pixel, the same on every machine.
func number(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
