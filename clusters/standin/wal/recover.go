package wal

import (
	"errors"
	"fmt"
	"path"

	"memgraph-controller/clusters/standin/disk"
)

// Recovered is what a disk holds.
type Recovered struct {
	Identity                   // empty where the disk is
	History      History       // with the running epoch as its last mark
	TS           uint64        // of the last transaction
	Next         uint64        // for Log.Next
	Snapshot     []byte        // content of the newest snapshot; nil without one
	SnapshotTS   uint64        // its timestamp
	Transactions []Transaction // to apply after it
	Dropped      []string      // what was left out, and why
}

// Recover reads the newest snapshot and the log after it. The torn end of the
// last segment is cut off; a segment that is missing or damaged before the end
// is an error that names it.
//
// Epoch and history come out as Memgraph's recovery makes them: without a
// snapshot the epoch of the last segment, so an epoch that wrote nothing is
// forgotten, and one mark for each epoch, so that a restart cures a false
// divergence; with one, the snapshot's epoch and history continue.
func Recover(d disk.Disk) (Recovered, error) {
	var r Recovered
	if err := r.loadSnapshot(d); err != nil {
		return Recovered{}, err
	}
	segments, err := r.repair(d)
	if err != nil {
		return Recovered{}, err
	}
	if len(segments) == 0 {
		return r, nil
	}
	last := segments[len(segments)-1]
	r.Next = last.Seq + 1
	if r.Snapshot == nil {
		r.Identity = last.Identity
	}
	return r, r.loadLog(ofStorage(segments, r.Storage))
}

func (r *Recovered) loadSnapshot(d disk.Disk) error {
	found, err := snapshots(d)
	if err != nil {
		return err
	}
	for i := len(found) - 1; i >= 0; i-- {
		s := found[i]
		if s.err != nil {
			r.Dropped = append(r.Dropped, fmt.Sprintf("snapshot %s %v", s.path, s.err))
			continue
		}
		r.Identity, r.History, r.TS = s.Identity, s.History, s.TS
		r.Snapshot, r.SnapshotTS = s.Payload, s.TS
		return nil
	}
	return nil
}

func (r *Recovered) loadLog(segments []Segment) error {
	if len(segments) == 0 {
		return nil
	}
	if first := segments[0]; first.Seq > 0 && r.Snapshot == nil {
		return fmt.Errorf("write-ahead log: segments before %s are missing and there is no snapshot", segmentName(first.Seq))
	}
	for _, s := range segments {
		fresh := s.After(r.TS)
		if len(fresh) == 0 {
			continue
		}
		r.Transactions = append(r.Transactions, fresh...)
		r.TS = s.To()
		var another bool
		if r.History, another = r.History.recovered(s.Epoch, r.TS); another {
			r.Epoch = s.Epoch
		}
	}
	return nil
}

// repair reads all segments and cuts the torn end off the last one.
func (r *Recovered) repair(d disk.Disk) ([]Segment, error) {
	all, err := segments(d)
	if broken, ok := errors.AsType[*brokenSegment](err); ok && broken.last {
		r.Dropped = append(r.Dropped, err.Error())
		if err := d.Remove(broken.name); err != nil {
			return nil, err
		}
		return all, nil
	}
	if err != nil || len(all) == 0 {
		return nil, err
	}
	for i, s := range all {
		name := segmentName(s.Seq)
		switch {
		case s.damage == nil:
			continue
		case i < len(all)-1:
			return nil, fmt.Errorf("write-ahead log: %w, and later segments follow", damaged(name, s.valid, s.damage))
		}
		r.Dropped = append(r.Dropped, "end of "+damaged(name, s.valid, s.damage).Error())
		data, err := d.Read(name)
		if err != nil {
			return nil, err
		}
		if err := d.Replace(name, data[:s.valid]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// brokenSegment is a segment whose header cannot be read.
type brokenSegment struct {
	name string
	last bool
}

func (b *brokenSegment) Error() string {
	return fmt.Sprintf("write-ahead log: %s %v", b.name, errHeader)
}

// segments reads all segments in order. One without a header ends it with a
// *brokenSegment.
func segments(d disk.Disk) ([]Segment, error) {
	names, err := d.List(segmentFolder)
	if err != nil {
		return nil, fmt.Errorf("list write-ahead log: %w", err)
	}
	var all []Segment
	for i, name := range names {
		name = path.Join(segmentFolder, name)
		data, err := d.Read(name)
		if err != nil {
			return nil, fmt.Errorf("read write-ahead log: %w", err)
		}
		s, err := parseSegment(data)
		if err != nil {
			return all, &brokenSegment{name: name, last: i == len(names)-1}
		}
		if len(all) > 0 && s.Seq != all[len(all)-1].Seq+1 {
			return nil, fmt.Errorf("write-ahead log: %s is missing", segmentName(all[len(all)-1].Seq+1))
		}
		all = append(all, s)
	}
	return all, nil
}

func ofStorage(all []Segment, storage string) []Segment {
	var own []Segment
	for _, s := range all {
		if s.Storage == storage {
			own = append(own, s)
		}
	}
	return own
}
