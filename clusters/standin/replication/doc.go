// Package replication carries a main's transactions to its replicas, the way
// Memgraph 3.6 does it: the same calls with the same time limits, one call at a
// time on each link, and for each replica the same small state machine.
//
// A replica runs a Server in front of its Handler. A main has a Peer for every
// registered replica, which watches it and brings it up to date, and a Round
// for every transaction:
//
//	round := replication.Begin(ctx, peers, ts)
//	failures := round.Ship(ctx, transaction)
//	...                                          // commit, or abort
//	round.Finish(ctx, commit)                    // two-phase rounds only
//
// What is stored, and when a main commits, is its user's business: transactions
// are opaque here. The wire format is the stand-in's own.
package replication
