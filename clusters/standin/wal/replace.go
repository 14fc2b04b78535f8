package wal

import (
	"errors"
	"fmt"
	"path"

	"memgraph-controller/clusters/standin/disk"
)

const backupFolder = "backup"

// Install makes a snapshot that came from a main the only content: log and
// older snapshots go, and the log starts again at segment 0.
func (l *Log) Install(name string, s Snapshot) error {
	if err := l.Close(); err != nil {
		return err
	}
	kept := path.Join(snapshotFolder, name)
	if err := l.Disk.Replace(kept, s.Encode()); err != nil {
		return fmt.Errorf("install snapshot: %w", err)
	}
	err := eachFile(l.Disk, func(file string) error {
		if file == kept {
			return nil
		}
		return l.Disk.Remove(file)
	})
	if err != nil {
		return fmt.Errorf("install snapshot: %w", err)
	}
	l.Next, l.identity, l.size, l.unsynced = 0, Identity{}, 0, 0
	l.tail.forget()
	return nil
}

// SetAside moves log and snapshots into a backup folder, as Memgraph does that
// is told not to recover.
func SetAside(d disk.Disk) error {
	err := eachFile(d, func(file string) error { return d.Rename(file, path.Join(backupFolder, file)) })
	if err != nil {
		return fmt.Errorf("set the data aside: %w", err)
	}
	return nil
}

func eachFile(d disk.Disk, do func(file string) error) error {
	for _, folder := range []string{segmentFolder, snapshotFolder} {
		names, err := d.List(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			err = errors.Join(err, do(path.Join(folder, name)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
