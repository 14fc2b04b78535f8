// Package svg draws pictures that need no other file and can be read on a light and
// on a dark page.
package svg

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Picture is an SVG that is drawn from back to front. Colours are classes, which
// its own style sheet resolves for a light and a dark page; it paints its own
// ground, so that it can be read where a page tells it nothing.
type Picture struct {
	b strings.Builder
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

// New begins a picture with a title.
func New(width, height float64, title string) *Picture {
	p := new(Picture)
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img">`+"\n",
		Number(width), Number(height), Number(width), Number(height))
	fmt.Fprintf(&p.b, "<title>%s</title>\n<style>%s</style>\n", escaped(title), style)
	fmt.Fprintf(&p.b, `<rect class="ground" width="%s" height="%s"/>`+"\n", Number(width), Number(height))
	p.Text("title", 12, 22, "start", title)
	return p
}

// Style adds rules to those of every picture, for what only this one needs.
func (p *Picture) Style(rules string) { fmt.Fprintf(&p.b, "<style>%s</style>\n", rules) }

// Text writes a text from, around or up to a place, as its anchor says.
func (p *Picture) Text(class string, x, y float64, anchor, text string) {
	fmt.Fprintf(&p.b, `<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`+"\n", class, Number(x), Number(y), anchor, escaped(text))
}

// Line draws a line from one place to another.
func (p *Picture) Line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&p.b, `<path class="%s" d="M%s %sL%s %s"/>`+"\n", class, Number(x1), Number(y1), Number(x2), Number(y2))
}

// Rect draws a rectangle.
func (p *Picture) Rect(class string, x, y, width, height float64) {
	fmt.Fprintf(&p.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`+"\n", class, Number(x), Number(y), Number(width), Number(height))
}

// Path draws a path as its attribute d says.
func (p *Picture) Path(class, d string) {
	if d != "" {
		fmt.Fprintf(&p.b, `<path class="%s" d="%s"/>`+"\n", class, d)
	}
}

// End closes it.
func (p *Picture) End() []byte { return []byte(p.b.String() + "</svg>\n") }

// Dot is a point of a path whose lines have round ends: it takes a third of what a
// circle does.
func Dot(x, y float64) string { return "M" + Number(x) + " " + Number(y) + "h0" }

// Number writes a coordinate to a tenth of a pixel, the same on every machine.
func Number(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
