package cli

import (
	"strings"
	"time"

	"memgraph-controller/controller/api"
)

// Screen shows one status after the other. On a terminal it draws the table
// again in place; elsewhere it writes the table once and then a line for each
// new transition, so that a log of it can be read. It is not for use by several
// goroutines at once.
type Screen struct {
	terminal *Terminal
	header   []string
	begun    bool
	// newest is the newest transition that was written.
	newest time.Time
}

// NewScreen returns a screen on a terminal. The lines of the header stay above the
// table.
func NewScreen(terminal *Terminal, header ...string) *Screen {
	return &Screen{terminal: terminal, header: header}
}

// Show shows a status.
func (s *Screen) Show(status api.Status) {
	if s.terminal.Live {
		s.redraw(status)
	} else {
		s.append(status)
	}
	s.begun = true
	if n := len(status.Transitions); n > 0 {
		s.newest = status.Transitions[n-1].Time
	}
}

// redraw goes home, clears the rest of each line as it is written and then the
// rest of the screen: clearing all of it first would flicker.
func (s *Screen) redraw(status api.Status) {
	lines := strings.Split(strings.TrimSuffix(s.picture(status), "\n"), "\n")
	if height := s.terminal.height(); height > 0 && len(lines) >= height {
		lines = lines[:height-1]
	}
	home := "\x1b[H"
	if !s.begun {
		home = "\x1b[2J\x1b[H"
	}
	s.terminal.printf("%s%s\x1b[K\n\x1b[J", home, strings.Join(lines, "\x1b[K\n"))
}

// picture is the header and the table.
func (s *Screen) picture(status api.Status) string {
	c := &canvas{width: s.terminal.width()}
	for _, line := range s.header {
		c.line(span{text: line})
	}
	return c.out.String() + Table{Width: s.terminal.width(), Colour: s.terminal.Colour}.Draw(status)
}

func (s *Screen) append(status api.Status) {
	if !s.begun {
		s.terminal.printf("%s", s.picture(status))
		return
	}
	for _, transition := range status.Transitions {
		if transition.Time.After(s.newest) {
			s.terminal.printf("%s\n", transitionLine(transition))
		}
	}
}
