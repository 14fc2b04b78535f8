// Package cache keeps what is dear to build between runs: each entry under a key
// made of all that went into it, so that an entry is never stale, only unused.
//
//	dir, err := cache.Open(os.Getenv)
//	path, err := dir.Fill(ctx, "programs", cache.Key(versions, sources), func(ctx context.Context, tmp string) error {
//		return compile(ctx, tmp)
//	})
//
// Several processes may fill the same entry: one does, the others wait for it.
package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Variable is the variable of the environment that names the folder.
const Variable = "CLUSTER_CACHE"

// kept is how long an entry that nobody uses stays.
const kept = 30 * 24 * time.Hour

// Dir is the folder that holds the entries.
type Dir string

// Open returns the folder that CLUSTER_CACHE names; by default memgraph-controller
// in $XDG_CACHE_HOME, or in ~/.cache.
func Open(getenv func(string) string) (Dir, error) {
	dir := getenv(Variable)
	if dir == "" {
		base := getenv("XDG_CACHE_HOME")
		if base == "" {
			home := getenv("HOME")
			if home == "" {
				return "", fmt.Errorf("no folder to cache in: set %s or HOME", Variable)
			}
			base = filepath.Join(home, ".cache")
		}
		dir = filepath.Join(base, "memgraph-controller")
	}
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("the cache folder %s must be an absolute path", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	return Dir(dir), nil
}

// Fill returns the folder of the entry. Where there is none yet, build makes its
// content in a temporary folder, which becomes the entry only if build succeeds:
// an entry that can be seen is whole. Entries of that name which nobody has used
// for a month are removed.
func (d Dir) Fill(ctx context.Context, name, key string, build func(ctx context.Context, tmp string) error) (string, error) {
	entry := filepath.Join(string(d), name+"-"+key)
	if used(entry) {
		return entry, nil
	}
	unlock, err := d.lock(ctx, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if used(entry) {
		return entry, nil
	}
	d.prune(name)
	if err := d.fill(ctx, entry, build); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return entry, nil
}

func (d Dir) fill(ctx context.Context, entry string, build func(ctx context.Context, tmp string) error) error {
	tmp, err := os.MkdirTemp(string(d), ".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := build(ctx, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, entry)
}

// used tells whether the entry is there, and notes that it is of use.
func used(entry string) bool {
	now := time.Now()
	return os.Chtimes(entry, now, now) == nil
}

// prune removes old entries. What cannot be removed does no harm but to the disk.
func (d Dir) prune(name string) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return
	}
	for _, e := range entries {
		key, ours := strings.CutPrefix(e.Name(), name+"-")
		if !ours || strings.Contains(key, "-") {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > kept {
			_ = os.RemoveAll(filepath.Join(string(d), e.Name()))
		}
	}
}
