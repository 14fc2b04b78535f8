package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Key is the digest of the parts. Parts do not run into each other: "ab", "c" has
// another key than "a", "bc".
func Key(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

// Sources is the digest of all files of a folder, for a key; files whose name
// skip is true of do not count.
func Sources(folder fs.FS, skip func(name string) bool) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || skip(name) {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d:%s", name, len(text), text)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("sources: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
