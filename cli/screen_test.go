package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

func TestScreenOnATerminalDrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	screen := NewScreen(&Terminal{Out: &out, Live: true, Width: func() int { return 80 }, Height: func() int { return 8 }}, "writes: here")
	screen.Show(healthy())
	first := out.String()
	require.True(t, strings.HasPrefix(first, "\x1b[2J\x1b[Hwrites: here\x1b[K\n"))
	require.Contains(t, first, "memgraph-0")
	require.NotContains(t, first, "GATEWAY", "what is below the screen would scroll it")
	require.Equal(t, 7, strings.Count(first, "\n"))

	out.Reset()
	screen.Show(healthy())
	require.True(t, strings.HasPrefix(out.String(), "\x1b[Hwrites: here\x1b[K\n"), "the screen is cleared once only")
}

func TestScreenElsewhereWritesTheTableOnceAndThenWhatIsNew(t *testing.T) {
	var out bytes.Buffer
	screen := NewScreen(&Terminal{Out: &out}, "writes: here")
	status := healthy()
	screen.Show(status)
	require.Equal(t, "writes: here\n"+Table{}.Draw(status), out.String())

	out.Reset()
	status.Gateways[0].Sessions++
	screen.Show(status)
	require.Empty(t, out.String(), "numbers that change are no news")

	status.Transitions = append(status.Transitions,
		api.Transition{Time: at(), Text: "memgraph-0 is lost"}, api.Transition{Time: at().Add(time.Second), Text: "memgraph-1 is the main"})
	screen.Show(status)
	screen.Show(status)
	require.Equal(t, "12:00:00.000  memgraph-0 is lost\n12:00:01.000  memgraph-1 is the main\n", out.String())
}
