// Package history judges what the clients of registers saw, while somebody broke the
// cluster: is there one order of all operations, in which each took effect at one
// moment between its beginning and its end, that explains every answer? Such a history
// is linearizable: no read is stale, no acknowledged write is lost, no compare-and-set
// is won twice.
//
//	err := history.CheckRegisters(operations, 10*time.Second)
//	var violation *history.Violation
//	if errors.As(err, &violation) {
//		path, err := violation.WriteHTML(folder) // a picture of the register's whole history
//	}
//
// It sees what the history of writes as a set (e2e/workload, History.Check) cannot:
// that a set is complete in the end does not say that it was at every moment. Only
// clients of the main may be judged so; a replica is behind by design.
//
// Porcupine does the search. It is exponential in what overlaps, so this package
// leaves it nothing whose outcome is unknown (see settle).
package history
