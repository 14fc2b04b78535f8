package wal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"path"
	"slices"

	"memgraph-controller/clusters/standin/disk"
)

const snapshotFolder = "snapshots"

// Snapshot is the whole content of a storage at one timestamp, with the
// history it had then: a snapshot keeps a bad history bad (memgraph-observed
// 1.1, transcript 18b H3).
type Snapshot struct {
	Identity
	TS      uint64
	History History
	Payload []byte
}

var snapshotMagic = []byte("standin snapshot 1\n")

// Encode returns the snapshot's file content; DecodeSnapshot reverses it.
func (s Snapshot) Encode() []byte {
	body := appendText(nil, s.Storage)
	body = appendText(body, s.Epoch)
	body = binary.AppendUvarint(body, s.TS)
	body = binary.AppendUvarint(body, uint64(len(s.History)))
	for _, mark := range s.History {
		body = binary.AppendUvarint(appendText(body, mark.Epoch), mark.TS)
	}
	return appendRecord(bytes.Clone(snapshotMagic), append(body, s.Payload...))
}

// DecodeSnapshot reads what Encode wrote.
func DecodeSnapshot(data []byte) (Snapshot, error) {
	rest, ok := bytes.CutPrefix(data, snapshotMagic)
	if !ok {
		return Snapshot{}, errHeader
	}
	body, _, err := cutRecord(rest)
	if err != nil {
		return Snapshot{}, err
	}
	r := reader{data: body}
	s := Snapshot{Identity: Identity{Storage: r.text(), Epoch: r.text()}, TS: r.number()}
	for n := r.number(); n > 0 && !r.failed; n-- {
		s.History = append(s.History, Mark{Epoch: r.text(), TS: r.number()})
	}
	if s.Payload, err = r.rest(); err != nil {
		return Snapshot{}, err
	}
	return s, nil
}

// SnapshotFile describes a snapshot on the disk.
type SnapshotFile struct {
	Path string
	TS   uint64
	Size int
}

// WriteSnapshot stores a snapshot. Of all snapshots those that reach furthest
// stay, keep of them, and the segments that these need.
func WriteSnapshot(d disk.Disk, name string, s Snapshot, keep int) (string, error) {
	file := path.Join(snapshotFolder, name)
	if err := d.Replace(file, s.Encode()); err != nil {
		return "", fmt.Errorf("write snapshot: %w", err)
	}
	return file, prune(d, keep)
}

// Snapshots lists the readable snapshots of a storage, oldest first.
func Snapshots(d disk.Disk, storage string) ([]SnapshotFile, error) {
	loaded, err := snapshots(d)
	var files []SnapshotFile
	for _, s := range loaded {
		if s.err == nil && s.Storage == storage {
			files = append(files, SnapshotFile{Path: s.path, TS: s.TS, Size: s.size})
		}
	}
	return files, err
}

type snapshotFile struct {
	Snapshot
	path string
	size int
	err  error // why it cannot be read
}

// snapshots reads all snapshots, the oldest first.
func snapshots(d disk.Disk) ([]snapshotFile, error) {
	names, err := d.List(snapshotFolder)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var found []snapshotFile
	for _, name := range names {
		file := path.Join(snapshotFolder, name)
		data, err := d.Read(file)
		if err != nil {
			return nil, fmt.Errorf("read snapshot: %w", err)
		}
		s, err := DecodeSnapshot(data) // a zero Snapshot with an error
		found = append(found, snapshotFile{Snapshot: s, path: file, size: len(data), err: err})
	}
	slices.SortStableFunc(found, func(a, b snapshotFile) int { return cmp.Compare(a.TS, b.TS) })
	return found, nil
}

// prune removes the snapshots before the newest keep, and the segments that
// end before the oldest one left: all but one, from which a reader sees that
// nothing is missing between it and the snapshot.
func prune(d disk.Disk, keep int) error {
	all, err := snapshots(d)
	if err != nil || len(all) < keep {
		return err
	}
	for _, old := range all[:len(all)-keep] {
		if err := d.Remove(old.path); err != nil {
			return fmt.Errorf("remove snapshot: %w", err)
		}
	}
	oldest := all[len(all)-keep] // at timestamp 0, and so of no effect, if it cannot be read
	segments, err := written(d)
	if err != nil {
		return err
	}
	for i, s := range segments {
		if i+1 == len(segments) || segments[i+1].From() == 0 || segments[i+1].From() > oldest.TS {
			break
		}
		if err := d.Remove(segmentName(s.Seq)); err != nil {
			return fmt.Errorf("remove segment: %w", err)
		}
	}
	return nil
}
