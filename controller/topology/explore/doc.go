// Package explore tries a small model of a cluster in every order of events, up to a
// number of faults, against the decision core as it is.
//
//	go test ./controller/topology/explore                               # half a minute
//	EXPLORE=deep go test -timeout 30m -v ./controller/topology/explore  # every model
//
// The model has three instances (one main, one voter, one ASYNC replica), one or two
// write gateways, up to two writes, the record, a leader, and what the leader before
// has decided on and not yet done. One event is one thing that cannot be divided: the
// leader looks and decides; it does what it decided, on a world that may have changed;
// a gateway follows the record, reports it, silences itself; a client sends a write; the
// voter prepares it, the main decides, the second phase reaches the voter, the client
// hears; a heartbeat, a replica brought up to date; a process dies, starts, freezes; a
// link breaks, the leader loses sight of an instance, another leads, a disk is lost.
// Time is an event too: a loss is noticed, a pause has lasted too long.
//
// The search goes breadth first, so that a violation comes with the shortest order of
// events that leads to it. In every state the invariants hold (invariants_test.go), and
// from every state the cluster becomes whole once the faults end (heal_test.go).
//
// A state is a value of bytes (state_test.go). What would grow for ever is kept
// relative to the present: processes are the last one or one before, epochs are
// numbered by who holds them, and the common beginning of all logs is cut off. The
// core is asked once for every snapshot that differs.
//
// Left out, because the larger model next door has it or no controller can help it:
// snapshots, users, moved addresses, pauses and forced failovers by a person, policies
// that open without a voter, instances that fail to start, answers of different age in
// one snapshot, data whose owner is not known yet; a gateway that dies; a link or voter
// that fails between a vote and the second phase (memgraph.md F.2.1); a statement that
// reaches the next process of its instance; a main that is back on an empty disk before
// its loss was noticed and the gateways have closed.
package explore
