package disk

import (
	"fmt"
	"io/fs"
	"sync/atomic"
)

// Fenced is one process's hold on a disk. After Cut every write fails, so that
// nothing of a killed instance that is still winding up in the background can
// touch files that its successor has opened. BeforeSync, where set, runs before
// each sync and may delay it or fail it.
type Fenced struct {
	Disk       Disk
	BeforeSync func() error

	cut atomic.Bool
}

// Cut makes every later write fail with fs.ErrClosed.
func (d *Fenced) Cut() { d.cut.Store(true) }

// Append implements Disk.
func (d *Fenced) Append(name string) (File, error) {
	if err := d.check("append", name); err != nil {
		return nil, err
	}
	f, err := d.Disk.Append(name)
	if err != nil {
		return nil, err
	}
	return &fencedFile{File: f, disk: d, name: name}, nil
}

// Read implements Disk.
func (d *Fenced) Read(name string) ([]byte, error) { return d.Disk.Read(name) }

// Replace implements Disk; it counts as a sync.
func (d *Fenced) Replace(name string, data []byte) error {
	if err := d.beforeSync(); err != nil {
		return fmt.Errorf("replace %s: %w", name, err)
	}
	if err := d.check("replace", name); err != nil {
		return err
	}
	return d.Disk.Replace(name, data)
}

// List implements Disk.
func (d *Fenced) List(folder string) ([]string, error) { return d.Disk.List(folder) }

// Remove implements Disk.
func (d *Fenced) Remove(name string) error {
	if err := d.check("remove", name); err != nil {
		return err
	}
	return d.Disk.Remove(name)
}

// Rename implements Disk.
func (d *Fenced) Rename(from, to string) error {
	if err := d.check("rename", from); err != nil {
		return err
	}
	return d.Disk.Rename(from, to)
}

func (d *Fenced) check(op, name string) error {
	if d.cut.Load() {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrClosed}
	}
	return nil
}

func (d *Fenced) beforeSync() error {
	if d.BeforeSync == nil {
		return nil
	}
	return d.BeforeSync()
}

type fencedFile struct {
	File
	disk *Fenced
	name string
}

func (f *fencedFile) Write(data []byte) (int, error) {
	if err := f.disk.check("write", f.name); err != nil {
		return 0, err
	}
	return f.File.Write(data)
}

func (f *fencedFile) Sync() error {
	if err := f.disk.beforeSync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.name, err)
	}
	if err := f.disk.check("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}
