package wal

import (
	"errors"
	"fmt"

	"memgraph-controller/clusters/standin/disk"
)

// Missing is what brings a replica up to date: a snapshot where the log does
// not reach back far enough, then segments.
type Missing struct {
	Snapshot *Snapshot
	Segments []Segment
}

var errGap = errors.New("neither the write-ahead log nor a snapshot reaches back far enough")

// Missing is MissingAfter for the storage whose log this is, from memory where
// that reaches back far enough.
func (l *Log) Missing(storage string, ts uint64) (Missing, error) {
	if segments, ok := l.tail.after(storage, ts); ok {
		return Missing{Segments: segments}, nil
	}
	return MissingAfter(l.Disk, storage, ts)
}

// MissingAfter plans the recovery of a replica that holds everything up to ts.
// The log may be appended to meanwhile: what is being written is left out.
func MissingAfter(d disk.Disk, storage string, ts uint64) (Missing, error) {
	all, err := written(d)
	if err != nil {
		return Missing{}, err
	}
	all = ofStorage(all, storage)
	var plan Missing
	if !reachesBack(all, ts) {
		if plan.Snapshot, err = newestSnapshot(d, storage); err != nil {
			return Missing{}, err
		}
		switch {
		case plan.Snapshot != nil && plan.Snapshot.TS > ts:
			ts = plan.Snapshot.TS
		case len(all) > 0 && all[0].Seq == 0:
			plan.Snapshot = nil // the log is whole
		default:
			return Missing{}, fmt.Errorf("recover a replica from timestamp %d: %w", ts, errGap)
		}
	}
	for _, s := range all {
		if s.To() > ts {
			plan.Segments = append(plan.Segments, s)
		}
	}
	return plan, nil
}

// reachesBack tells whether some segment begins no later than the transaction
// after ts, so that it and those that follow hold all that is missing.
func reachesBack(all []Segment, ts uint64) bool {
	for _, s := range all {
		if s.From() > 0 && s.From() <= ts+1 {
			return true
		}
	}
	return false
}

func newestSnapshot(d disk.Disk, storage string) (*Snapshot, error) {
	found, err := snapshots(d)
	for i := len(found) - 1; i >= 0; i-- {
		if found[i].err == nil && found[i].Storage == storage {
			return &found[i].Snapshot, nil
		}
	}
	return nil, err
}

// written reads the segments while the log is in use: the last one may be about
// to get its header.
func written(d disk.Disk) ([]Segment, error) {
	all, err := segments(d)
	if broken, ok := errors.AsType[*brokenSegment](err); ok && broken.last {
		err = nil
	}
	return all, err
}
