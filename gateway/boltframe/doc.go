// Package boltframe follows a Bolt session from outside, just far enough to say
// whether it is between transactions. It reads the handshake, the headers of
// chunks and the tag of each message, and nothing inside messages except one
// flag: whether a result has more rows to come.
//
//	cfg.Track = boltframe.Track
//
// # Why a gateway wants to know
//
// A driver that has sent COMMIT and then loses its connection cannot know
// whether the transaction took place. It reports that to its user, and managed
// transactions (ExecuteWrite and the like) do not retry it, since a retry could
// write twice: neo4j-go-driver calls it CommitFailedDeadError. Every other loss
// of a connection inside a managed transaction is retried without a word. So
// before a planned cut each session is stopped where a BEGIN, or the RUN of an
// autocommit query, is the next thing to come: that one waits in the socket,
// fails with the cut, and is tried again elsewhere.
//
// Timing alone cannot find this place. A server that has answered RUN and works
// on PULL looks exactly like one that has answered everything.
//
// # Limits
//
// Bolt 3 and later, without the negotiation of manifests that came with Bolt
// 5.7; Memgraph offers 5.2 at most. Anything else (TLS, WebSockets, Bolt 1 with
// BEGIN as a query) makes the tracker lost, and so does an answer that nobody
// asked for. It holds no bytes, and its size is the same for every session.
package boltframe
