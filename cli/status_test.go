package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

// lines is a writer that hands over what was written.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestStatusWatchGoesOnUntilItIsInterrupted(t *testing.T) {
	c := &controller{status: healthy()}
	address := c.serve(t, "")
	ctx, interrupt := context.WithCancel(t.Context())
	var root struct{ Commands }
	out, done := make(lines), make(chan int, 1)
	var problems bytes.Buffer
	go func() {
		args := []string{"status", "--watch", "-o", "json", "--server", address}
		done <- Execute(ctx, &root, args, &Terminal{Out: out, Err: &problems})
	}()
	for range 3 {
		line := <-out
		require.Equal(t, 1, strings.Count(line, "\n"), "one line is one status")
		var status api.Status
		require.NoError(t, json.Unmarshal([]byte(line), &status))
		require.Equal(t, "demo", status.Cluster)
	}
	interrupt()
	for {
		select {
		case <-out: // one that was under way
			continue
		case code := <-done:
			require.Zero(t, code)
		}
		break
	}
	require.Empty(t, problems.String())
}

func TestStatusWatchEndsWhenTheControllerGoesAway(t *testing.T) {
	out, done := make(lines), make(chan int, 1)
	var problems bytes.Buffer
	var root struct{ Commands }
	t.Run("while it lives", func(t *testing.T) {
		address := (&controller{status: healthy()}).serve(t, "")
		go func() {
			done <- Execute(context.Background(), &root, []string{"status", "--watch", "--server", address}, &Terminal{Out: out, Err: &problems})
		}()
		require.Contains(t, <-out, "memgraph-0")
	})
	require.Equal(t, exitFailed, <-done)
	require.Contains(t, problems.String(), "no controller listens")
}
