package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// setAside moves a data directory into the quarantine folder beside it and says
// where it is now; "" when there were no data. One rename on one file system: it
// happens or it does not, also if the machine stops in the middle, and an
// instance whose data directory is missing starts empty.
func setAside(home, reason string, now time.Time) (string, error) {
	data, folder := filepath.Join(home, "data"), filepath.Join(home, "quarantine")
	if _, err := os.Lstat(data); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	name := now.UTC().Format("20060102T150405Z") + "-" + slug(reason)
	for n := 1; ; n++ {
		target := filepath.Join(folder, name)
		if n > 1 {
			target = fmt.Sprintf("%s-%d", target, n)
		}
		if _, err := os.Lstat(target); err == nil {
			continue
		}
		if err := os.Rename(data, target); err != nil {
			return "", err
		}
		return target, nil
	}
}

// slug turns a reason into a part of a file name.
func slug(reason string) string {
	words := strings.FieldsFunc(strings.ToLower(reason), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	joined := strings.Join(words, "-")
	if joined == "" {
		return "unnamed"
	}
	return strings.TrimRight(joined[:min(len(joined), 60)], "-")
}

// quarantineSize counts what has been set aside for an instance so far.
func quarantineSize(home string) (copies int, bytes int64) {
	folder := filepath.Join(home, "quarantine")
	entries, _ := os.ReadDir(folder)
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return len(entries), bytes
}
