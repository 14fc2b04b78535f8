// Package wal keeps the stand-in's transactions on a disk: a write-ahead log in
// segments, and snapshots. A transaction is a timestamp and opaque bytes; each
// segment belongs to one epoch of one storage.
//
//	log := &wal.Log{Disk: d, FlushEvery: 100_000, MaxSegment: 20 << 20}
//	log.Append(wal.Identity{Storage: uuid, Epoch: epoch}, wal.Transaction{TS: 2, Payload: data})
//	...
//	recovered, err := wal.Recover(d) // after a restart
//
// A transaction of a two-phase commit is written with Prepare and counts only
// once Decide has followed it. What a crash tore off the end is dropped and
// named; damage anywhere else is an error, for it would lose transactions in
// the middle.
//
// History, the epochs an instance has lived through, is here because recovery
// rebuilds it from segments and snapshots; that it comes out differently from
// what the living process held is the root of memgraph-observed 1.1.
//
// The formats are the stand-in's own, not Memgraph's.
package wal
