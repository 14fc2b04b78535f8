package plots

import (
	"math"
	"strings"
	"unicode/utf8"

	"memgraph-controller/chaos/plots/svg"
)

// strip is one row of a plot: a title, and a distribution of which some values are
// those of rounds that failed.
type strip struct {
	title  string
	values distribution
	failed distribution
}

// Measures of a plot, in pixels.
const (
	plotWidth = 620.0
	rowHeight = 26.0
	top       = 52.0
	letter    = 6.7 // a letter's usual width
	margin    = 24.0
)

// strips draws a row for each distribution: every value as a dot, a box from the
// first to the third quartile with the median in it.
func strips(title string, rows []strip) []byte {
	longest := 0
	for _, r := range rows {
		longest = max(longest, utf8.RuneCountInString(label(r)))
	}
	left := float64(longest)*letter + margin
	bottom := top + rowHeight*float64(len(rows))
	p := svg.New(left+plotWidth+margin, bottom+margin+4, title)
	var all []distribution
	for _, r := range rows {
		all = append(all, r.values)
	}
	x := newAxis(left, left+plotWidth, all...)
	x.draw(p, top, bottom)
	for i, r := range rows {
		r.draw(p, x, top+rowHeight*(float64(i)+0.5))
	}
	return p.End()
}

func label(r strip) string { return r.title + ", n=" + count(len(r.values)) }

func (r strip) draw(p *svg.Picture, x axis, y float64) {
	p.Text("title-of-row", x.left-10, y+4, "end", label(r))
	if len(r.values) == 0 {
		return
	}
	const half = rowHeight * 0.32
	from, to := x.at(r.values.quantile(0.25)), x.at(r.values.quantile(0.75))
	p.Rect("box", from, y-half, max(to-from, 1), 2*half)
	p.Path("dots", dots(r.values, x, y))
	middle := x.at(r.values.quantile(0.5))
	p.Line("middle", middle, y-half, middle, y+half)
	p.Path("failed", dots(r.failed, x, y))
}

// dots spreads the dots over the height of a row, so that equal values can be told
// apart: each is a golden section away from the one before, the same in every run.
func dots(values distribution, x axis, y float64) string {
	var d strings.Builder
	for i, v := range values {
		_, share := math.Modf(float64(i) * math.Phi)
		d.WriteString(svg.Dot(x.at(v), y+(share-0.5)*rowHeight*0.6))
	}
	return d.String()
}
