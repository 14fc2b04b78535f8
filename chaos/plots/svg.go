package plots

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// picture is an SVG that is drawn from back to front. Colours are classes, which
// its own style sheet resolves for a light and a dark page; it paints its own
// ground, so that it can be read where a page tells it nothing.
type picture struct {
	strings.Builder
	width, height float64
}

const style = `
:root { --ground:#ffffff; --text:#1f2328; --grid:#d1d9e0; --a:#0969da; --b:#bc4c00; --limit:#cf222e; --box:#0969da33 }
@media (prefers-color-scheme: dark) { :root { --ground:#0d1117; --text:#e6edf3; --grid:#3d444d; --a:#4493f8; --b:#f0883e; --limit:#f85149; --box:#4493f833 } }
text { font: 12px system-ui, sans-serif; fill: var(--text) }
.title { font-weight: 600; font-size: 14px }
.ground { fill: var(--ground) }
.grid { stroke: var(--grid) }
.box { fill: var(--box); stroke: var(--a) }
.middle { stroke: var(--a); stroke-width: 2 }
.limit { stroke: var(--limit); stroke-dasharray: 5 3 }
.limit-text { fill: var(--limit) }
.a, .b { fill: none; stroke-width: 2 }
.a { stroke: var(--a) } .b { stroke: var(--b) }
.a-text { fill: var(--a) } .b-text { fill: var(--b) }
.dots { fill: none; stroke: var(--a); stroke-width: 3.5; stroke-linecap: round; stroke-opacity: .55 }
.failed { fill: none; stroke: var(--limit); stroke-width: 5; stroke-linecap: round }
`

func newPicture(width, height float64, title string) *picture {
	p := &picture{width: width, height: height}
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img">`+"\n",
		number(width), number(height), number(width), number(height))
	fmt.Fprintf(p, "<title>%s</title>\n<style>%s</style>\n", escaped(title), style)
	fmt.Fprintf(p, `<rect class="ground" width="%s" height="%s"/>`+"\n", number(width), number(height))
	p.text("title", 12, 22, "start", title)
	return p
}

func (p *picture) text(class string, x, y float64, anchor, text string) {
	fmt.Fprintf(p, `<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`+"\n", class, number(x), number(y), anchor, escaped(text))
}

func (p *picture) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(p, `<path class="%s" d="M%s %sL%s %s"/>`+"\n", class, number(x1), number(y1), number(x2), number(y2))
}

func (p *picture) rect(class string, x, y, width, height float64) {
	fmt.Fprintf(p, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`+"\n", class, number(x), number(y), number(width), number(height))
}

// path draws what has been put together with moveTo and its like.
func (p *picture) path(class, d string) {
	if d != "" {
		fmt.Fprintf(p, `<path class="%s" d="%s"/>`+"\n", class, d)
	}
}

// end closes it.
func (p *picture) end() []byte { return []byte(p.String() + "</svg>\n") }

// dot is a point of a path whose lines have round ends: it takes a third of what a
// circle does.
func dot(x, y float64) string { return "M" + number(x) + " " + number(y) + "h0" }

// number writes a coordinate to a tenth of a pixel, the same on every machine.
func number(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
