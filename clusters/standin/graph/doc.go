// Package graph is the storage of the Memgraph stand-in: a labelled property
// graph in memory, with snapshot isolation, indexes and unique constraints,
// whose every change is described by deltas.
//
// A Tx sees what was committed before it began, and its own writes. The first
// of two writers of the same object wins, the second gets ErrConflict at once.
// Readers never wait for writers. A commit has two steps, so that the caller
// can log and replicate between them:
//
//	tx := store.Begin()
//	defer tx.Abort() // does nothing after Commit
//	v, err := tx.CreateVertex([]string{"Person"}, map[string]any{"id": int64(1)})
//	...
//	deltas, err := tx.Seal() // checks constraints; no writes from here on
//	...                      // write the deltas to a log, send them to replicas
//	tx.Commit(ts)            // now others see it
//
// A replica, and recovery from a log, hand the same deltas to Store.Apply.
// Store.Dump streams a whole state as deltas, which Apply takes as well.
//
// The package knows nothing of files, networks or query languages. It starts no
// goroutine: versions that nobody can see any more are dropped by the commits
// and aborts that made them unreachable. Its one lock is held for single
// operations and bounded batches, never while waiting for anything.
package graph
