package cli

import (
	"strings"
	"unicode/utf8"
)

// style is how a piece of text looks. Colour says only what the words say too.
type style string

const (
	plain style = ""
	bold  style = "1"
	faint style = "2"
	good  style = "32"
	bad   style = "31"
	odd   style = "33"
)

// span is a piece of text in one style.
type span struct {
	text  string
	style style
}

// grid is a table of spans that is aligned in columns when it is written.
type grid struct {
	// right marks the columns that are aligned to the right.
	right map[int]bool
	rows  [][]span
}

const gap = "  "

// canvas collects lines and writes them within a width.
type canvas struct {
	width  int
	colour bool
	out    strings.Builder
}

// line writes spans next to each other. What is too wide ends in an ellipsis.
func (c *canvas) line(spans ...span) {
	left := c.width
	for _, s := range spans {
		text := s.text
		if c.width > 0 {
			text = cut(text, left)
			left -= utf8.RuneCountInString(text)
		}
		c.write(text, s.style)
	}
	c.out.WriteByte('\n')
}

// paragraph writes text over as many lines as it needs.
func (c *canvas) paragraph(text string, s style) {
	const indent = "  "
	line := ""
	for _, word := range strings.Fields(text) {
		longer := line + " " + word
		if line == "" {
			longer = word
		}
		if line != "" && c.width > 0 && utf8.RuneCountInString(longer) > c.width {
			c.line(span{line, s})
			longer = indent + word
		}
		line = longer
	}
	c.line(span{line, s})
}

func (c *canvas) write(text string, s style) {
	if !c.colour || s == plain || strings.TrimSpace(text) == "" {
		c.out.WriteString(text)
		return
	}
	c.out.WriteString("\x1b[" + string(s) + "m" + text + "\x1b[0m")
}

// grid writes a table. The last column is not padded.
func (c *canvas) grid(g grid) {
	widths := g.widths()
	for _, row := range g.rows {
		var spans []span
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell.text))
			switch {
			case g.right[i]:
				cell.text = padding + cell.text
			case i < len(row)-1:
				cell.text += padding
			}
			if i > 0 {
				spans = append(spans, span{text: gap})
			}
			spans = append(spans, cell)
		}
		c.line(trimEnd(spans)...)
	}
}

func (g grid) widths() []int {
	var widths []int
	for _, row := range g.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell.text))
		}
	}
	return widths
}

// trimEnd drops the blanks at the end of a line.
func trimEnd(spans []span) []span {
	for len(spans) > 0 {
		last := &spans[len(spans)-1]
		last.text = strings.TrimRight(last.text, " ")
		if last.text != "" {
			break
		}
		spans = spans[:len(spans)-1]
	}
	return spans
}

// cut shortens text to a number of characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	return string([]rune(text)[:width-1]) + "…"
}

// printable replaces what could move a terminal's cursor or change its colours:
// names and reasons come from elsewhere.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, text)
}
