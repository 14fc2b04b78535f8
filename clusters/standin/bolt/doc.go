// Package bolt is the Bolt server of the Memgraph stand-in: the part that
// unmodified Neo4j drivers talk to.
//
//	server := bolt.NewServer(bolt.Config{Backend: database, Log: log})
//	go server.Serve(listener) // until server.Close, or the listener is closed
//	defer server.Close()
//
// It speaks the protocol and no Cypher: what a query means is the business of
// the Backend, one Session for every connection. TLS is the listener's matter,
// and unlike Memgraph it has no WebSocket.
//
// # Like Memgraph
//
// Versions, texts and metadata are those of Memgraph 3.6.2, recorded from the
// wire (memgraph-observed 4). What is out of place or is not Bolt gets one
// FAILURE, Memgraph.ExecutionException, and the end of the connection; the
// cause is in the log. ROUTE is refused. GOODBYE in a failed session is
// ignored. TELEMETRY does not exist before Bolt 5.4, so no client sends it.
//
// # Unlike Memgraph
//
//   - RESET, GOODBYE and the loss of a connection interrupt what is running, as
//     Bolt demands: the context of the call is cancelled. Memgraph finishes the
//     call first. It remains the Backend's choice what cannot be interrupted.
//   - Within a transaction several results can be open at a time, told apart by
//     their qid. Memgraph takes a RUN while a result is open for a violation.
//   - LOGOFF is answered. Memgraph 3.6 says nothing, and the driver hangs.
//   - connection_id counts (bolt-1, bolt-2, ...). Memgraph's is always bolt-1.
//   - Bolt 1 is negotiated, so that the handshake is the same, then refused:
//     no supported driver speaks it.
//   - Empty chunks between messages are keep-alives. To Memgraph they are a
//     violation.
//   - Dates, durations and points as parameters are refused with a ClientError.
package bolt
