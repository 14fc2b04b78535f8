// Package workload is the clients of the suites: unmodified neo4j drivers that
// write and read through the gateways at a fixed rate, while somebody breaks the
// cluster. It keeps the history of every operation and judges it.
//
//	load, err := workload.Start(ctx, workload.Config{Write: "127.0.0.1:7687", Read: "127.0.0.1:7688", Writers: 4, Readers: 8})
//	... break things ...
//	history := load.Stop()
//	err = history.Check(found) // nothing acknowledged is missing, nothing invented is there
//
// There are two sorts of load, which go together:
//
//   - Writers and readers wait for their own answers. Times that pass meanwhile are
//     skipped, so that a writer that falls behind does not catch up by a burst.
//   - Rates are open-loop: an operation is due at its time whether or not the one
//     before has ended, so an outage cannot hide behind clients that wait for it
//     politely. Its latency counts from when it was due.
//
// Scanners are of either sort: they ask as fast as they are answered, to find what a
// database can do, or at a rate, to find how long that takes them.
//
// A history can also be written as lines of JSON (see Encoder), as the clients in
// other languages and in other places do, and read back (see Decoder). Merge makes
// one of several; ids tell whose write is whose.
package workload
