package offline

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

// mirrored is a workshop for which debootstrap and dpkg-deb do what they would:
// one package holds an interpreter, another a library.
type mirrored struct {
	*workshop
	t       *testing.T
	without string // file that no package holds
}

func (m mirrored) Run(ctx context.Context, c command.Command) (string, error) {
	file := func(name, text string) {
		if name != m.without {
			writeFile(m.t, filepath.Join(c.Args[len(c.Args)-1], name), text)
		}
	}
	switch c.Name {
	case "debootstrap":
		packages := c.Args[len(c.Args)-2]
		for _, name := range []string{"python3.11.deb", "libpython3.11.deb"} {
			writeFile(m.t, filepath.Join(packages, "var/cache/apt/archives", name), "")
		}
	case "dpkg-deb":
		if strings.HasSuffix(c.Args[1], "/python3.11.deb") {
			file("usr/bin/python3.11", bareProgram(m.t))
		} else {
			file("usr/lib/python3.11/os.py", "import sys")
			file("usr/lib/python3.11/lib-dynload/_ssl.so", bareProgram(m.t))
		}
	}
	return m.workshop.Run(ctx, c)
}

func newMirrored(t *testing.T) mirrored {
	m := mirrored{workshop: newWorkshop(t), t: t}
	for _, name := range []string{"debootstrap", "tar", "chroot"} {
		m.programs[name] = true
	}
	writeFile(t, m.Host.Path(keyring), "")
	writeFile(t, m.Host.Path("/etc/apt/sources.list"), "deb http://mirror.example/debian bookworm main")
	m.Builder.Run = m
	return m
}

func TestPythonIsTakenOutOfDebiansPackagesOnce(t *testing.T) {
	m := newMirrored(t)
	layer, err := m.Python(t.Context())
	require.NoError(t, err)
	names := map[string]bool{}
	for _, name := range layerNames(t, layer) {
		require.False(t, names[name], "%s is there twice", name)
		names[name] = true
	}
	for _, name := range []string{PythonProgram, "/usr/lib/python3.11/os.py", "/usr/lib/python3.11/lib-dynload/_ssl.so", "/tmp/"} {
		require.True(t, names[name[1:]], name)
	}
	require.Contains(t, m.ran[0], "--download-only")
	require.Contains(t, m.ran[0], "http://mirror.example/debian")

	ran := len(m.ran)
	_, err = m.Python(t.Context())
	require.NoError(t, err)
	require.Len(t, m.ran, ran, "the cache holds it")
	entries, err := filepath.Glob(filepath.Join(string(m.Cache), "python-*", "*"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "the layer alone is kept: %v", entries)
}

func TestPackagesWithoutPythonAreNoPython(t *testing.T) {
	m := newMirrored(t)
	m.without = "usr/bin/python3.11"
	m.Builder.Run = m
	_, err := m.Python(t.Context())
	require.ErrorContains(t, err, PythonProgram)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// layerNames lists what is in a layer.
func layerNames(t *testing.T, layer *archive.Layer) (names []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.tar")
	require.NoError(t, layer.Save(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for r := tar.NewReader(bytes.NewReader(text)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		names = append(names, h.Name)
	}
}
