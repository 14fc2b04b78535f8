package quarantine

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Export writes an entry as tar, whose paths begin with its name. Nobody writes to an
// entry any more, so what is read is one state.
func (f Folder) Export(name string, w io.Writer) error {
	root, err := f.path(name)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	err = filepath.WalkDir(root, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !file.Type().IsRegular() && !file.IsDir() {
			return err
		}
		inside, err := filepath.Rel(string(f), path)
		if err != nil {
			return err
		}
		return add(archive, inside, path)
	})
	if err = errors.Join(err, archive.Close()); err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return nil
}

// add writes one file or folder.
func add(archive *tar.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	header.Name, header.Uname, header.Gname = filepath.ToSlash(name), "", ""
	if err := archive.WriteHeader(header); err != nil || info.IsDir() {
		return err
	}
	_, err = io.CopyN(archive, file, info.Size())
	return err
}
