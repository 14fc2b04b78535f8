package plots

import (
	"fmt"
	"strings"

	"memgraph-controller/chaos/plots/svg"
)

// curve is a distribution with its name and its class in the style sheet, which is
// a or b.
type curve struct {
	name, class string
	values      distribution
}

// cumulative draws which share of rounds waited no longer than a time.
func cumulative(title string, curves ...curve) []byte {
	const left, height, bottom = 60.0, 260.0, top + 260.0
	p := svg.New(left+plotWidth+margin, bottom+2*margin+8, title)
	var all []distribution
	for _, c := range curves {
		all = append(all, c.values)
	}
	x := newAxis(left, left+plotWidth, all...)
	y := func(share float64) float64 { return bottom - share*height }
	for percent := 0; percent <= 100; percent += 25 {
		at := y(float64(percent) / 100)
		p.Line("grid", x.left, at, x.right, at)
		p.Text("tick", x.left-8, at+4, "end", fmt.Sprintf("%d %%", percent))
	}
	x.draw(p, top, bottom)
	for i, c := range curves {
		p.Path(c.class, steps(c.values, x, y))
		p.Text(c.class+"-text", x.left+float64(i)*plotWidth/2, bottom+margin+16, "start",
			fmt.Sprintf("— %s (n=%d, median %s, largest %s)", c.name, len(c.values), readable(c.values.quantile(0.5)), readable(c.values.largest())))
	}
	return p.End()
}

// steps goes up by one value's share at each value.
func steps(values distribution, x axis, y func(share float64) float64) string {
	if len(values) == 0 {
		return ""
	}
	var d strings.Builder
	d.WriteString("M" + svg.Number(x.left) + " " + svg.Number(y(0)))
	for i, v := range values {
		d.WriteString("H" + svg.Number(x.at(v)) + "V" + svg.Number(y(float64(i+1)/float64(len(values)))))
	}
	d.WriteString("H" + svg.Number(x.right))
	return d.String()
}
