// Package local proves the promises on one machine, from the outside: it builds
// the two programs, runs `memgraph-controller local`, lets real drivers write
// and read through the gateways (package workload), breaks things with signals
// and through the HTTP API, and checks the histories.
//
//	go test ./e2e/local            # a few rounds of everything, about three minutes
//	FULL=1 go test ./e2e/local     # the numbers that are promised, about twenty minutes
//
// MEMGRAPH=/path/to/memgraph runs it against that program instead of the
// stand-in. Each measured distribution is printed and written to $REPORT_DIR, if
// that is set, as one JSON file a test.
package local
