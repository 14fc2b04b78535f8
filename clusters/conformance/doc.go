// Package conformance holds a suite of facts about Memgraph that this project
// relies on, each of them observed on the real server. It runs against the real
// server and against the stand-in, so that the one cannot drift from the other
// unnoticed:
//
//	go test ./clusters/conformance                              # the stand-in, built on the fly
//	MEMGRAPH=/usr/lib/memgraph/memgraph go test -count=1 ./clusters/conformance
//	SLOW=1 go test ./clusters/conformance                       # also what takes 3 to 90 s
//
// Every fact is a test that names the transcript it was seen in (transcript 06:
// memgraph-observed/06-...). A fact is what a client can tell: columns, types,
// codes, parts of texts, the order of events. Durations are not facts here,
// except where waiting is the fact.
//
// The tests are written with a few words: a lab has instances that are started,
// killed, stopped (SIGSTOP), continued and wiped; an instance runs a statement,
// or refuses it; a main shows a replica in some state, now or eventually.
package conformance
