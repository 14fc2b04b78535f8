package cli

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/quarantine"
)

// asideOn makes a volume on which data were set aside, and returns the entry's name.
func asideOn(t *testing.T, volume string) string {
	t.Helper()
	data := filepath.Join(volume, "data")
	require.NoError(t, os.MkdirAll(data, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(data, "wal"), make([]byte, 3<<20), 0o600))
	where, err := quarantine.Folder(filepath.Join(volume, "quarantine")).
		SetAside(data, "its data are refused as diverged", time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	require.NoError(t, err)
	return filepath.Base(where)
}

func TestQuarantineListTellsWhenWhyHowMuchAndWhatIsFree(t *testing.T) {
	volume := t.TempDir()
	got := command(t, "", "quarantine", "list", "--volume="+volume)
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "nothing is set aside")
	name := asideOn(t, volume)
	got = command(t, "", "quarantine", "list", "--volume="+volume)
	require.Zero(t, got.code, got.err)
	require.Regexp(t, `2026-03-04 05:06:07Z +1 +3\.0 MiB +its data are refused as diverged +`+name+`\n`, got.out)
	require.Regexp(t, `volume of \S+: .+ free of .+\n`, got.out)

	got = command(t, "", "quarantine", "list", "-ojson", "--volume="+volume)
	require.Zero(t, got.code, got.err)
	var report quarantineReport
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.Equal(t, int64(3<<20), report.Bytes)
	require.Equal(t, name, report.Entries[0].Name)
	require.Positive(t, report.Free)
}

func TestQuarantineWithoutAVolumeSaysWhereItRuns(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"export", "x"}, {"drop", "x", "--yes"}} {
		got := command(t, "", append(append([]string{"quarantine"}, args...), "--volume="+filepath.Join(t.TempDir(), "none"))...)
		require.Equal(t, exitFailed, got.code)
		require.Contains(t, got.err, "runs in a database pod")
	}
}

func TestQuarantineExportWritesATar(t *testing.T) {
	volume := t.TempDir()
	name := asideOn(t, volume)
	got := command(t, "", "quarantine", "export", name, "--volume="+volume)
	require.Zero(t, got.code, got.err)
	archive := tar.NewReader(bytes.NewReader([]byte(got.out)))
	_, err := archive.Next()
	require.NoError(t, err)
	header, err := archive.Next()
	require.NoError(t, err)
	require.Equal(t, name+"/wal", header.Name)
	content, err := io.ReadAll(archive)
	require.NoError(t, err)
	require.Len(t, content, 3<<20)
}

func TestQuarantineDropAsksFirst(t *testing.T) {
	volume := t.TempDir()
	name := asideOn(t, volume)
	got := command(t, "", "quarantine", "drop", name, "--volume="+volume)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.err, "--yes")
	got = command(t, "n\n", "quarantine", "drop", name, "--volume="+volume)
	require.Equal(t, exitRefused, got.code)
	require.DirExists(t, filepath.Join(volume, "quarantine", name))
	got = command(t, "y\n", "quarantine", "drop", name, "--volume="+volume)
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, name+" is deleted")
	require.NoDirExists(t, filepath.Join(volume, "quarantine", name))
}

func TestBytesForPeople(t *testing.T) {
	for n, text := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536 << 20: "1.5 GiB", 1 << 62: "4.0 EiB"} {
		require.Equal(t, text, bytesText(n))
	}
}
