package offline

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProgramIsCollectedWithItsLibrariesAndItsLoader(t *testing.T) {
	const program = "/bin/true"
	needs, err := needed(program)
	if err != nil || len(needs) == 0 {
		t.Skip("this machine has no program that needs libraries")
	}
	c := newClosure("/")
	require.NoError(t, c.add(program))
	require.True(t, c.have[program])
	loader := slices.IndexFunc(needs, filepath.IsAbs)
	require.GreaterOrEqual(t, loader, 0)
	require.True(t, c.have[needs[loader]], "the loader, at the place that the program names")
	require.Greater(t, len(c.entries), 2)
}

func TestALibraryThatIsNotThereIsNamedWithTheProgram(t *testing.T) {
	root := t.TempDir()
	text, err := os.ReadFile("/bin/true")
	require.NoError(t, err)
	writeFile(t, filepath.Join(root, "bin/true"), string(text))
	require.ErrorContains(t, newClosure(root).add("/bin/true"), "/bin/true needs ")
}

func TestWhatIsNoProgramIsNamed(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "bin/script"), "#!/bin/sh\n")
	require.ErrorContains(t, newClosure(root).add("/bin/script"), "/bin/script")
	require.ErrorContains(t, newClosure(root).addAll("lib/*.so"), "nothing like this in the system")
}

func TestLinksAreFollowedInsideTheSystem(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "usr/lib/real.so.1.2"), "")
	require.NoError(t, os.Symlink("usr/lib", filepath.Join(root, "lib")))
	require.NoError(t, os.Symlink("/lib/real.so.1.2", filepath.Join(root, "usr/lib/a.so.1")))
	at, err := inRoot(root, "/lib/a.so.1")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "usr/lib/real.so.1.2"), at)

	require.NoError(t, os.Symlink("circle", filepath.Join(root, "circle")))
	_, err = inRoot(root, "/circle")
	require.ErrorContains(t, err, "too many links")
}
