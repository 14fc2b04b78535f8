package offline

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"memgraph-controller/clusters/images/archive"
)

// closure collects programs of a Debian system with the libraries that they need,
// for an image that has nothing else.
type closure struct {
	root    string
	entries []archive.Entry
	have    map[string]bool
}

func newClosure(root string) *closure { return &closure{root: root, have: map[string]bool{}} }

// add adds the file at name, with all that it needs to run. Links are followed:
// the file itself is in the image under that name.
func (c *closure) add(name string) error {
	if c.have[name] {
		return nil
	}
	c.have[name] = true
	source, err := inRoot(c.root, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.entries = append(c.entries, archive.File(name, source, 0o755))
	return c.addNeeds(name, source)
}

// addNeeds adds what a file needs to run or to be loaded, but not the file.
func (c *closure) addNeeds(name, source string) error {
	needs, err := needed(source)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, need := range needs {
		if !path.IsAbs(need) {
			if need, err = c.library(need); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := c.add(need); err != nil {
			return fmt.Errorf("%s needs %w", name, err)
		}
	}
	return nil
}

// addAll adds what matches a pattern.
func (c *closure) addAll(pattern string) error {
	found, err := filepath.Glob(filepath.Join(c.root, pattern))
	if err != nil || len(found) == 0 {
		return errors.Join(err, fmt.Errorf("%s: nothing like this in the system", pattern))
	}
	for _, at := range found {
		name, err := filepath.Rel(c.root, at)
		if err != nil {
			return err
		}
		if err := c.add("/" + name); err != nil {
			return err
		}
	}
	return nil
}

// library finds a library where the loader looks for it.
func (c *closure) library(soname string) (string, error) {
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib", "lib"} {
		found, err := filepath.Glob(filepath.Join(c.root, pattern, soname))
		if err != nil || len(found) == 0 {
			continue
		}
		name, err := filepath.Rel(c.root, found[0])
		return "/" + name, err
	}
	return "", fmt.Errorf("library %s: %w", soname, fs.ErrNotExist)
}

// needed returns what a program or library asks the loader for: the loader itself
// by its path, libraries by their names.
func needed(file string) (needs []string, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			text := make([]byte, p.Filesz-1) // without the NUL at its end
			if _, err := p.ReadAt(text, 0); err != nil {
				return nil, err
			}
			needs = append(needs, string(text))
		}
	}
	libraries, err := f.ImportedLibraries()
	return append(needs, libraries...), err
}

// inRoot resolves links as a process would whose root is root.
func inRoot(root, name string) (string, error) {
	at := "/"
	rest := splitPath(name)
	for hops := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil { // no link, or not there: whoever opens it will see
			at = next
			continue
		}
		if hops++; hops > 40 {
			return "", errors.New("too many links")
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = append(splitPath(target), rest...)
	}
	return filepath.Join(root, at), nil
}

func splitPath(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '/' })
}
