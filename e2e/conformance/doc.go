// Package conformance holds a suite of facts about Memgraph that this project
// relies on, each of them observed on the real server. It runs against the real
// server and against the stand-in, so that the one cannot drift from the other
// unnoticed:
//
//	go test ./e2e/conformance                              # the stand-in, built on the fly
//	MEMGRAPH=/usr/lib/memgraph/memgraph go test -count=1 ./e2e/conformance
//	MEMGRAPH_IMAGE=memgraph/memgraph:3.12.0 go test -count=1 ./e2e/conformance
//	ADDRESSES=db1:7687,db2:7687,db3:7687 go test -count=1 ./e2e/conformance
//
//	SLOW=1              also what takes 3 to 90 s
//	MEMGRAPH_FLAGS=...  more flags for every instance, as --standin-version=3.12
//	REPORT_DIR=...      write the report there, as conformance.md
//
// MEMGRAPH_IMAGE=standin is the stand-in in an image that is built for the run.
// With ADDRESSES the instances are somebody's who runs them: they have to be
// without data and users, everything in them is deleted, and only facts are asked
// that need no power over processes. Where the others of them reach an instance
// for replication at another address than that of Bolt with port 10000 in place of
// 7687 (10001 of 7688, and so on), it follows after a =: db1:7687=10.0.0.1:10000.
//
// # Findings and facts
//
// A finding is a line of what was observed, with the number of its section or of
// its transcript; findings_test.go lists all. A fact is a test that names the
// findings it is about. A fact is what a client can tell: columns, types, codes,
// parts of texts, the order of events. Durations are not facts here, except where
// waiting is the fact. At the end the suite says of each finding whether the
// instances under test agree.
//
// Later versions are held to the same findings, except for what is documented of
// them: change_test.go lists that, and a fact that meets such a change asks for the
// new behaviour as strictly as for the old.
//
// The tests are written with a few words: a lab has instances that are started,
// killed, stopped (SIGSTOP), continued and wiped; an instance runs a statement,
// or refuses it; a main shows a replica in some state, now or eventually. How that
// is done to a process, to a container, or not at all to an instance of others, is
// the matter of place_test.go.
package conformance
