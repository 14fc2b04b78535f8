package clients

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shell runs a script in place of a client.
func shell(t *testing.T, script string) (*process, error) {
	t.Helper()
	return startProcess(t.Context(), "client", exec.Command("sh", "-c", script))
}

func TestAProcessIsAskedToEndAndTellsTheRest(t *testing.T) {
	client, err := shell(t, `trap 'printf "%s" "`+quoted(two+three+last)+`"; exit' TERM; echo hello >&2; printf '%s' '`+header+one+`'; while :; do sleep 0.01; done`)
	require.NoError(t, err)
	history, err := client.Stop(t.Context())
	require.NoError(t, err)
	require.Len(t, history.Writes, 2)
	require.Equal(t, "go 5", history.Writes[0].Client)
	_, err = client.Stop(t.Context())
	require.NoError(t, err, "once more")
}

func TestAProcessThatEndsByItselfIsAnError(t *testing.T) {
	client, err := shell(t, `printf '%s' '`+header+one+`'; echo out of memory >&2; exit 3`)
	require.NoError(t, err)
	<-client.ended
	_, err = client.Stop(t.Context())
	require.ErrorContains(t, err, "client: it ended by itself after 1 acknowledged writes; it said:\nout of memory")
	require.ErrorContains(t, err, "exit status 3")
}

func TestAProcessThatCannotWorkSaysWhy(t *testing.T) {
	_, err := shell(t, `echo no route to host >&2; exit 1`)
	require.ErrorContains(t, err, "ended before it was at work")
	require.ErrorContains(t, err, "no route to host")
}

func TestAProcessThatTellsNonsenseIsEnded(t *testing.T) {
	client, err := shell(t, `printf '%s' '`+header+three+`'; exec sleep 1000`)
	require.NoError(t, err)
	<-client.ended
	_, err = client.Stop(t.Context())
	require.ErrorContains(t, err, "2 operations are missing before it")
}

func TestAProcessThatEndsWithoutItsLastLineIsAnError(t *testing.T) {
	client, err := shell(t, `trap 'exit 0' TERM; printf '%s' '`+header+one+`'; while :; do sleep 0.01; done`)
	require.NoError(t, err)
	_, err = client.Stop(t.Context())
	require.ErrorContains(t, err, "did not tell everything")
}

func TestAProcessThatDoesNotEndIsKilled(t *testing.T) {
	client, err := shell(t, `trap '' TERM; printf '%s' '`+header+one+`'; while :; do sleep 0.01; done`)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = client.Stop(ctx)
	require.ErrorContains(t, err, "it was killed")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestWithoutAVirtualEnvironmentItSaysHowToGetOne(t *testing.T) {
	t.Setenv("PYTHON_VENV", t.TempDir())
	_, err := Start(t.Context(), Python, Config{})
	require.ErrorIs(t, err, ErrNoVenv)
	require.ErrorContains(t, err, "make venv")
}

func TestAnUnknownLanguageIsNamed(t *testing.T) {
	_, err := Start(t.Context(), "cobol", Config{})
	require.ErrorContains(t, err, `"cobol"`)
}
