// Package topology decides who is main, who is voter and what the gateways do.
// It is a pure function: no clock, no I/O, no memory.
//
//	step, reason := topology.Next(record, view, policy, now)
//
// The record is the only authority, the view is everything that was seen. Next
// returns one step; the caller performs it, looks again and asks again. There
// is no workflow in memory, so a crash at any point is nothing special: the next
// leader asks the same question and goes on.
//
// Where the rules are:
//
//	bootstrap.go   no record yet: empty instances, or a cluster set up by hand
//	steady.go      the gate is open: what is lost, asked for, or to be improved
//	interlude.go   the gate is not open and the main stays: a pause, a new voter
//	succession.go  there is no main: fence, demote, promote
//	settle.go      a main whose gate is not open: registrations, voter, marker, open
//	join.go        one replica: register, drop, quarantine
//	vote.go        whether a voter that restarted has every acknowledged write
//	unreplicated.go an instance whose writes reach nobody: no voter, no successor
//	history.go     which histories are clean, and the epoch refresh
//	readpool.go    which replicas serve reads; route.go: what the write gateways do
//
// Package explore tries the rules in every order of events.
//
// Three facts of the database shape most of them (memgraph-observed section 1):
// an instance that restarted and then took more transactions of the same
// database epoch refuses all others once it is promoted; dropping a replica that
// does not answer kills the main; a voter that does not answer stalls the main
// for 30 s.
package topology
