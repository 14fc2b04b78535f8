package disk_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/disk"
)

func each(t *testing.T, test func(t *testing.T, d disk.Disk)) {
	t.Run("memory", func(t *testing.T) { test(t, &disk.Memory{}) })
	t.Run("dir", func(t *testing.T) {
		dir, err := disk.OpenDir(t.TempDir())
		require.NoError(t, err)
		defer func() { require.NoError(t, dir.Close()) }()
		test(t, dir)
	})
	t.Run("fenced", func(t *testing.T) { test(t, &disk.Fenced{Disk: &disk.Memory{}}) })
}

func write(t *testing.T, d disk.Disk, name, text string) disk.File {
	t.Helper()
	f, err := d.Append(name)
	require.NoError(t, err)
	_, err = f.Write([]byte(text))
	require.NoError(t, err)
	return f
}

func TestDiskAppendsToWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, d disk.Disk) {
		require.NoError(t, write(t, d, "wal/1", "one").Close())
		f := write(t, d, "wal/1", "two")
		require.NoError(t, f.Sync())
		require.NoError(t, f.Close())
		data, err := d.Read("wal/1")
		require.NoError(t, err)
		require.Equal(t, "onetwo", string(data))
	})
}

func TestDiskListsSortedAndOnlyTheFolder(t *testing.T) {
	each(t, func(t *testing.T, d disk.Disk) {
		for _, name := range []string{"wal/2", "wal/1", "other/3", "wal/.x/4"} {
			require.NoError(t, d.Replace(name, nil))
		}
		names, err := d.List("wal")
		require.NoError(t, err)
		require.Equal(t, []string{"1", "2"}, names)
		names, err = d.List("nowhere")
		require.NoError(t, err)
		require.Empty(t, names)
	})
}

func TestDiskReplacesRenamesAndRemoves(t *testing.T) {
	each(t, func(t *testing.T, d disk.Disk) {
		require.NoError(t, d.Replace("a", []byte("long content")))
		require.NoError(t, d.Replace("a", []byte("short")))
		require.NoError(t, d.Rename("a", "sub/b"))
		_, err := d.Read("a")
		require.ErrorIs(t, err, fs.ErrNotExist)
		data, err := d.Read("sub/b")
		require.NoError(t, err)
		require.Equal(t, "short", string(data))
		require.NoError(t, d.Remove("sub/b"))
		require.NoError(t, d.Remove("sub/b"), "removing what is not there is no error")
		require.Error(t, d.Rename("sub/b", "c"))
	})
}

func TestMemoryLosesUnsyncedDataWithThePower(t *testing.T) {
	var m disk.Memory
	f := write(t, &m, "wal/1", "kept")
	require.NoError(t, f.Sync())
	_, err := f.Write([]byte(" lost"))
	require.NoError(t, err)
	require.NoError(t, m.Replace("role", []byte("main")))

	m.PowerLoss()

	data, err := m.Read("wal/1")
	require.NoError(t, err)
	require.Equal(t, "kept", string(data))
	data, err = m.Read("role")
	require.NoError(t, err)
	require.Equal(t, "main", string(data), "a replaced file is durable")
}

func TestDirRefusesASecondHolder(t *testing.T) {
	root := t.TempDir()
	first, err := disk.OpenDir(root)
	require.NoError(t, err)
	_, err = disk.OpenDir(root)
	require.ErrorIs(t, err, disk.ErrInUse)
	require.ErrorContains(t, err, root)
	require.NoError(t, first.Close())
	second, err := disk.OpenDir(root)
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestFencedRefusesWritesAfterTheCut(t *testing.T) {
	var m disk.Memory
	d := &disk.Fenced{Disk: &m}
	f := write(t, d, "wal/1", "before")
	d.Cut()
	_, err := f.Write([]byte("after"))
	require.ErrorIs(t, err, fs.ErrClosed)
	require.ErrorIs(t, f.Sync(), fs.ErrClosed)
	require.ErrorIs(t, d.Replace("wal/1", nil), fs.ErrClosed)
	require.ErrorIs(t, d.Remove("wal/1"), fs.ErrClosed)
	require.ErrorIs(t, d.Rename("wal/1", "x"), fs.ErrClosed)
	_, err = d.Append("wal/1")
	require.ErrorIs(t, err, fs.ErrClosed)
	data, err := m.Read("wal/1")
	require.NoError(t, err)
	require.Equal(t, "before", string(data))
}

func TestFencedSyncFailsWithItsHook(t *testing.T) {
	broken := errors.New("no such device")
	d := &disk.Fenced{Disk: &disk.Memory{}, BeforeSync: func() error { return broken }}
	f := write(t, d, "wal/1", "x")
	require.ErrorIs(t, f.Sync(), broken)
	require.ErrorIs(t, d.Replace("role", nil), broken)
}
