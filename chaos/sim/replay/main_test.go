package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The overlay fits the Go that the project is built with.
func TestOverlayReplacesFilesOfThisToolchain(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, run(out))
	text, err := os.ReadFile(filepath.Join(out, "overlay.json"))
	require.NoError(t, err)
	var overlay struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal(text, &overlay))
	require.Len(t, overlay.Replace, len(files))
	for original, patched := range overlay.Replace {
		require.FileExists(t, original)
		require.FileExists(t, patched)
		require.Equal(t, filepath.Base(original)+".txt", filepath.Base(patched))
	}
}

func TestAnotherToolchainIsNamed(t *testing.T) {
	f := file{name: "runtime/rand.go", changes: []change{{"old", "new"}}}
	for _, text := range []string{"something else", "old and old"} {
		_, err := f.patch(text)
		require.ErrorContains(t, err, "runtime/rand.go")
		require.ErrorContains(t, err, "adapt chaos/sim/replay")
	}
	text, err := f.patch("an old text\n")
	require.NoError(t, err)
	require.Equal(t, "an new text\n", text)
}

func TestPlaceToWriteToIsAskedFor(t *testing.T) {
	require.ErrorContains(t, run(""), "-o")
}
