package quarantine_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/quarantine"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// aside sets data with two files aside and returns the folder and the entry's name.
func aside(t *testing.T, root, reason string) (quarantine.Folder, string) {
	t.Helper()
	data := filepath.Join(root, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(data, "wal"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(data, "wal", "1"), []byte("precious"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(data, ".lock"), nil, 0o644))
	folder := quarantine.Folder(filepath.Join(root, "quarantine"))
	where, err := folder.SetAside(data, reason, at)
	require.NoError(t, err)
	require.NoDirExists(t, data)
	require.FileExists(t, filepath.Join(where, "wal", "1"))
	return folder, filepath.Base(where)
}

func TestWithoutAFolderThereIsNothing(t *testing.T) {
	root := t.TempDir()
	folder := quarantine.Folder(filepath.Join(root, "quarantine"))
	entries, err := folder.List()
	require.NoError(t, err)
	require.Empty(t, entries)
	where, err := folder.SetAside(filepath.Join(root, "data"), "there are none", at)
	require.NoError(t, err)
	require.Empty(t, where)
	total, free, err := folder.Room()
	require.NoError(t, err)
	require.Positive(t, free)
	require.Greater(t, total, free)
}

func TestListTellsWhenWhyAndHowMuch(t *testing.T) {
	root := t.TempDir()
	folder, name := aside(t, root, "Its data are refused as diverged!")
	_, second := aside(t, root, "Its data are refused as diverged!")
	require.Equal(t, "20260304T050607Z-its-data-are-refused-as-diverged", name)
	require.Equal(t, name+"-2", second, "nothing takes the place of what is there")
	require.NoError(t, os.Mkdir(filepath.Join(string(folder), "by-hand"), 0o755))
	entries, err := folder.List()
	require.NoError(t, err)
	require.Equal(t, []quarantine.Entry{
		{Name: name, At: at, Reason: "its data are refused as diverged", Files: 2, Bytes: 8},
		{Name: second, At: at, Reason: "its data are refused as diverged 2", Files: 2, Bytes: 8},
		{Name: "by-hand"},
	}, entries)
}

func TestExportHoldsEveryFileWithItsContent(t *testing.T) {
	folder, name := aside(t, t.TempDir(), "diverged")
	var stream bytes.Buffer
	require.NoError(t, folder.Export(name, &stream))
	found := map[string]string{}
	archive := tar.NewReader(&stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		found[header.Name] = string(content)
	}
	require.Equal(t, map[string]string{name: "", name + "/.lock": "", name + "/wal": "", name + "/wal/1": "precious"}, found)
}

// A stream that breaks in the middle must not pass for a whole copy: somebody drops the
// entry next.
func TestExportSaysThatItBroke(t *testing.T) {
	folder, name := aside(t, t.TempDir(), "diverged")
	require.ErrorContains(t, folder.Export(name, &full{room: 600}), name)
}

// full takes so many bytes and no more.
type full struct{ room int }

func (f *full) Write(data []byte) (int, error) {
	if f.room -= len(data); f.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(data), nil
}

func TestDropDeletesOneEntryAndWhatWasLeftHalfDeleted(t *testing.T) {
	root := t.TempDir()
	folder, name := aside(t, root, "diverged")
	_, other := aside(t, root, "another database")
	half := filepath.Join(string(folder), ".dropping-older")
	require.NoError(t, os.MkdirAll(filepath.Join(half, "wal"), 0o755))
	require.NoError(t, folder.Drop(name))
	require.NoDirExists(t, half)
	entries, err := folder.List()
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, other, entries[0].Name)
}

func TestNamesThatLeadElsewhereAreRefused(t *testing.T) {
	root := t.TempDir()
	folder, _ := aside(t, root, "diverged")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "data"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(string(folder), "file"), nil, 0o644))
	for _, name := range []string{"", ".", "..", "../data", root, "missing", "file", ".dropping-x"} {
		require.ErrorContains(t, folder.Drop(name), "quarantine list", name)
		require.ErrorContains(t, folder.Export(name, io.Discard), "quarantine list", name)
	}
	require.DirExists(t, filepath.Join(root, "data"))
}

func TestReasonBecomesAPartOfAFileName(t *testing.T) {
	for reason, name := range map[string]string{
		"":                         "unnamed",
		"../../etc":                "etc",
		"Error: 3, diverged":       "error-3-diverged",
		"größer":                   "gr-er",
		strings.Repeat("a b ", 40): strings.TrimSuffix(strings.Repeat("a-b-", 15), "-"),
	} {
		_, got := aside(t, t.TempDir(), reason)
		require.Equal(t, "20260304T050607Z-"+name, got)
	}
}
