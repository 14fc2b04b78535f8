package cache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"memgraph-controller/clusters/cache"
)

func open(t *testing.T) cache.Dir {
	t.Helper()
	dir, err := cache.Open(environment(map[string]string{cache.Variable: filepath.Join(t.TempDir(), "cache")}))
	require.NoError(t, err)
	return dir
}

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// content builds an entry that holds text, and counts.
func content(builds *atomic.Int32, text string) func(context.Context, string) error {
	return func(_ context.Context, tmp string) error {
		builds.Add(1)
		return os.WriteFile(filepath.Join(tmp, "content"), []byte(text), 0o600)
	}
}

func TestTheFolderIsWhereTheEnvironmentSays(t *testing.T) {
	base := t.TempDir()
	for name, c := range map[string]struct {
		environment map[string]string
		dir         string
	}{
		"named":   {map[string]string{cache.Variable: base + "/c", "HOME": "/nowhere"}, base + "/c"},
		"XDG":     {map[string]string{"XDG_CACHE_HOME": base, "HOME": "/nowhere"}, base + "/memgraph-controller"},
		"default": {map[string]string{"HOME": base}, base + "/.cache/memgraph-controller"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := cache.Open(environment(c.environment))
			require.NoError(t, err)
			require.Equal(t, c.dir, string(dir))
			require.DirExists(t, c.dir)
		})
	}
	_, err := cache.Open(environment(nil))
	require.ErrorContains(t, err, "set CLUSTER_CACHE or HOME")
	_, err = cache.Open(environment(map[string]string{cache.Variable: "here"}))
	require.ErrorContains(t, err, "must be an absolute path")
}

func TestAnEntryIsBuiltOnce(t *testing.T) {
	dir, builds := open(t), &atomic.Int32{}
	for range 2 {
		entry, err := dir.Fill(t.Context(), "programs", "k1", content(builds, "etcd"))
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join(entry, "content"))
		require.NoError(t, err)
		require.Equal(t, "etcd", string(text))
	}
	require.EqualValues(t, 1, builds.Load())
	_, err := dir.Fill(t.Context(), "programs", "k2", content(builds, "etcd"))
	require.NoError(t, err)
	require.EqualValues(t, 2, builds.Load(), "another key is another entry")
}

func TestABuildThatFailsLeavesNothing(t *testing.T) {
	dir, builds, broken := open(t), &atomic.Int32{}, errors.New("disk full")
	_, err := dir.Fill(t.Context(), "programs", "k", func(ctx context.Context, tmp string) error {
		return errors.Join(content(builds, "half")(ctx, tmp), broken)
	})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "programs")
	left, err := os.ReadDir(string(dir))
	require.NoError(t, err)
	require.Len(t, left, 1, "the lock alone")
	_, err = dir.Fill(t.Context(), "programs", "k", content(builds, "whole"))
	require.NoError(t, err)
	require.EqualValues(t, 2, builds.Load())
}

func TestOneOfManyBuildsAndTheOthersWait(t *testing.T) {
	dir, builds := open(t), &atomic.Int32{}
	var all errgroup.Group
	for range 4 {
		all.Go(func() error {
			_, err := dir.Fill(t.Context(), "programs", "k", content(builds, "x"))
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 1, builds.Load())
}

func TestWaitingForAnotherProcessEndsWithTheContext(t *testing.T) {
	dir := open(t)
	_, err := dir.Fill(t.Context(), "programs", "k", func(ctx context.Context, _ string) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := dir.Fill(ctx, "programs", "k", nil)
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "another process that builds programs")
}

func TestEntriesThatNobodyUsesAreRemovedWhenTheNextIsBuilt(t *testing.T) {
	dir, builds := open(t), &atomic.Int32{}
	entry := func(name, key string) string {
		path, err := dir.Fill(t.Context(), name, key, content(builds, ""))
		require.NoError(t, err)
		return path
	}
	old, recent, other := entry("root", "old"), entry("root", "recent"), entry("root-tools", "old")
	long := time.Now().Add(-31 * 24 * time.Hour)
	require.NoError(t, os.Chtimes(old, long, long))
	require.NoError(t, os.Chtimes(other, long, long))
	entry("root", "new")
	require.NoDirExists(t, old)
	require.DirExists(t, recent)
	require.DirExists(t, other, "entries of another name are not its business")
}

func TestKeysTellPartsApart(t *testing.T) {
	require.Equal(t, cache.Key("a", "b"), cache.Key("a", "b"))
	require.NotEqual(t, cache.Key("ab", "c"), cache.Key("a", "bc"))
}

func TestSourcesChangeWithNamesAndContentsThatCount(t *testing.T) {
	digest := func(files fstest.MapFS) string {
		d, err := cache.Sources(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
		require.NoError(t, err)
		return d
	}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	base := digest(fstest.MapFS{"net/a.go": file("x")})
	require.Equal(t, base, digest(fstest.MapFS{"net/a.go": file("x"), "net/a_test.go": file("y")}))
	require.NotEqual(t, base, digest(fstest.MapFS{"net/a.go": file("z")}))
	require.NotEqual(t, base, digest(fstest.MapFS{"net/b.go": file("x")}))
}
