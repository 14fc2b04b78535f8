// Package workload is the clients of the suites: unmodified neo4j drivers that
// write and read through the gateways with managed transactions at a fixed rate,
// while somebody breaks the cluster. It keeps the history of every operation and
// judges it.
//
//	load, err := workload.Start(ctx, workload.Config{Write: "127.0.0.1:7687", Read: "127.0.0.1:7688", Writers: 4, Readers: 8})
//	... break things ...
//	history := load.Stop()
//	err = history.Check(found) // nothing acknowledged is missing, nothing invented is there
//
// The load is open-loop: an operation is due at its time whether or not the one
// before has ended, so an outage cannot hide behind clients that wait for it
// politely. A writer that falls behind catches up by skipping, not by bursts.
package workload
