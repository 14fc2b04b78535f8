package remote

import (
	"bufio"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// served is a served set of handlers without a process around it.
func served(t *testing.T, handlers map[string]Handler) func(do string, args, value any) error {
	commands, in := io.Pipe()
	out, answers := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Serve(commands, answers, handlers) }()
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, <-ended)
	})
	lines := bufio.NewScanner(out)
	return func(do string, args, value any) error { return call(in, lines, do, args, value) }
}

func TestACommandHasItsResult(t *testing.T) {
	type sum struct{ A, B int }
	ask := served(t, map[string]Handler{
		"add": Func(func(s sum) (int, error) { return s.A + s.B, nil }),
		"no":  Func(func(Nothing) (Nothing, error) { return Nothing{}, errors.New("I will not") }),
	})
	var got int
	require.NoError(t, ask("add", sum{2, 3}, &got))
	require.Equal(t, 5, got)
	require.ErrorContains(t, ask("no", Nothing{}, &Nothing{}), "I will not")
	require.ErrorContains(t, ask("dance", Nothing{}, &Nothing{}), `no command "dance" is known`)
	require.NoError(t, ask("add", sum{1, 1}, &got), "an error is not the end")
}
