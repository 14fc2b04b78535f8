package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Entry is one file, folder or link of a layer.
type Entry struct {
	header tar.Header
	open   func() (io.ReadCloser, error) // nil: nothing follows the header
}

// File is the file at source on this machine, found in the image at name.
func File(name, source string, mode fs.FileMode) Entry {
	return Entry{header(name, tar.TypeReg, mode), func() (io.ReadCloser, error) { return os.Open(source) }}
}

// Text is a file that holds text.
func Text(name, text string, mode fs.FileMode) Entry {
	e := Entry{header(name, tar.TypeReg, mode), func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
	e.header.Size = int64(len(text))
	return e
}

// Dir is a folder.
func Dir(name string, mode fs.FileMode) Entry {
	e := Entry{header(name+"/", tar.TypeDir, mode), nil}
	if mode&fs.ModeSticky != 0 {
		e.header.Mode |= 0o1000
	}
	return e
}

// Link is a symbolic link to target.
func Link(name, target string) Entry {
	e := Entry{header(name, tar.TypeSymlink, 0o777), nil}
	e.header.Linkname = target
	return e
}

// OwnedBy returns the entry with another owner than root.
func (e Entry) OwnedBy(uid, gid int) Entry {
	e.header.Uid, e.header.Gid = uid, gid
	return e
}

// Tree is what lies under the folder source, found in the image under name, with
// root as its owner. Only folders, files and symbolic links may lie there.
func Tree(name, source string) ([]Entry, error) {
	var entries []Entry
	err := filepath.WalkDir(source, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(source, at)
		if err != nil {
			return err
		}
		entry, err := fromDisk(path.Join(name, filepath.ToSlash(inside)), at, d)
		if err == nil {
			entries = append(entries, entry)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("layer of %s: %w", source, err)
	}
	return entries, nil
}

func fromDisk(name, at string, d fs.DirEntry) (Entry, error) {
	info, err := d.Info()
	if err != nil {
		return Entry{}, err
	}
	switch {
	case d.IsDir():
		return Dir(name, info.Mode()), nil
	case d.Type() == fs.ModeSymlink:
		target, err := os.Readlink(at)
		return Link(name, target), err
	case d.Type().IsRegular():
		return File(name, at, info.Mode()), nil
	}
	return Entry{}, fmt.Errorf("%s is neither file, folder nor link", at)
}

// header leaves the leading slash away, as tar does.
func header(name string, kind byte, mode fs.FileMode) tar.Header {
	return tar.Header{
		Name: strings.TrimPrefix(name, "/"), Typeflag: kind, Mode: int64(mode.Perm()),
		ModTime: time.Unix(0, 0), Format: tar.FormatPAX,
	}
}

func (e Entry) writeTo(w *tar.Writer) (err error) {
	if e.open == nil {
		return w.WriteHeader(&e.header)
	}
	body, err := e.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	h := e.header
	if file, ok := body.(*os.File); ok {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		h.Size = info.Size()
	}
	if err := w.WriteHeader(&h); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	_, err = io.Copy(w, body)
	return err
}
