package command_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
)

func TestRunReturnsWhatTheProgramPrinted(t *testing.T) {
	c := command.New("cat")
	c.Stdin = strings.NewReader("hello")
	out, err := command.Exec{}.Run(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "hello", out)
}

func TestRunOfAProgramThatFailsTellsWhatItSaid(t *testing.T) {
	_, err := command.Exec{}.Run(t.Context(), command.New("sh", "-c", "echo no such disk >&2; exit 3"))
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such disk")
}

func TestRunOfAProgramThatIsNotThere(t *testing.T) {
	_, err := command.Exec{}.Run(t.Context(), command.New("no-such-program"))
	require.ErrorIs(t, err, exec.ErrNotFound)
}

func TestStartAppendsTheOutputToTheLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "logs", "daemon.log")
	pid, err := command.Exec{}.Start(command.New("sh", "-c", "echo up"), log)
	require.NoError(t, err)
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	_, err = process.Wait()
	require.NoError(t, err)
	said, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, "up\n", string(said))
}

func TestLastLines(t *testing.T) {
	require.Equal(t, "b\nc", command.LastLines("a\nb\nc\n\n", 2))
	require.Equal(t, "a", command.LastLines("a", 2))
	require.Empty(t, command.LastLines("\n", 2))
}
