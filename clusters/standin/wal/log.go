package wal

import (
	"errors"
	"fmt"

	"memgraph-controller/clusters/standin/disk"
)

const segmentFolder = "wal"

func segmentName(seq uint64) string { return fmt.Sprintf("%s/%010d.wal", segmentFolder, seq) }

// Log appends transactions to segments. It opens a segment with the first
// transaction, and another one for another identity. Its user serialises calls.
type Log struct {
	Disk       disk.Disk
	FlushEvery int    // transactions between two syncs
	MaxSegment int    // bytes after which another segment begins
	Next       uint64 // number of the next segment: 0, or what Recover said

	file     disk.File
	identity Identity
	size     int
	unsynced int
	prepared Transaction // the last one
	tail     tail
}

// Append writes a committed transaction.
func (l *Log) Append(id Identity, tx Transaction) error {
	if err := l.write(id, committed, tx); err != nil {
		return err
	}
	l.tail.add(id, tx)
	return l.written()
}

// Prepare writes a transaction whose commit is not yet decided.
func (l *Log) Prepare(id Identity, tx Transaction) error {
	l.prepared = tx
	return l.write(id, prepared, tx)
}

// Decide commits the transaction that was prepared last. An aborted one needs
// no record. It is an error when the segment with it was closed since: the
// decision would stand in a segment that nobody's transactions belong to.
func (l *Log) Decide(ts uint64) error {
	if l.file == nil {
		return fmt.Errorf("write-ahead log: decide transaction %d: its segment is closed", ts)
	}
	if err := l.write(l.identity, decided, Transaction{TS: ts}); err != nil {
		return err
	}
	if l.prepared.TS == ts {
		l.tail.add(l.identity, l.prepared)
	}
	return l.written()
}

// Rotate closes the open segment, synced; the next transaction opens another.
func (l *Log) Rotate() error {
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file, l.identity, l.size, l.unsynced = nil, Identity{}, 0, 0
	return errors.Join(file.Sync(), file.Close())
}

// Close closes the open segment as it is, without a sync.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	return file.Close()
}

func (l *Log) write(id Identity, k kind, tx Transaction) error {
	if id != l.identity {
		if err := l.Rotate(); err != nil {
			return err
		}
	}
	if l.file == nil {
		if err := l.open(id); err != nil {
			return err
		}
	}
	n, err := l.file.Write(transactionRecord(k, tx))
	l.size += n
	return err
}

func (l *Log) open(id Identity) error {
	file, err := l.Disk.Append(segmentName(l.Next))
	if err != nil {
		return err
	}
	n, err := file.Write(appendHeader(nil, id, l.Next))
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.identity, l.size = file, id, n
	l.Next++
	return nil
}

// written counts a transaction and syncs or rotates when it is time.
func (l *Log) written() error {
	l.unsynced++
	if l.size >= l.MaxSegment {
		return l.Rotate()
	}
	if l.unsynced < l.FlushEvery {
		return nil
	}
	l.unsynced = 0
	return l.file.Sync()
}
