// Package memgraph talks to one Memgraph instance over Bolt: it asks for the
// role, the replicas and the storage, and runs the few statements that change
// replication. It knows how the real server answers (which errors mean "try
// again", what a failed REGISTER leaves behind, which texts differ between the
// versions 3.5 to 3.13) so that its callers see plain results and few errors.
//
// It decides nothing: who is to be main, and when, is the business of its
// callers. It is no driver for applications: there are no transactions and no
// parameters in it.
//
//	client, err := memgraph.Open(memgraph.Config{
//		Name:               "memgraph-0",
//		Address:            "10.0.0.7:7687",
//		ReplicationAddress: "10.0.0.7:10000",
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	answer, err := client.Ask(ctx)
//
// # Connections
//
// Statements run one after the other over one connection that is opened when
// it is first needed: the server refuses two replication statements at once.
// Ask has one of its own, which is kept too: where users exist, a new one costs the
// server 250 ms (memgraph-observed 21), and here it costs more than the question. A
// connection on which anything went wrong, a deadline included, is never used again.
//
// The driver trusts its server: whoever completes a Bolt handshake and then
// sends malformed PackStream on purpose can keep neo4j-go-driver 5.28 computing
// past every deadline (it counts down lengths that were never sent). Anything
// else that may listen on an address (silence, HTTP, another protocol) ends
// with an error in time. An address has to be one of your own databases.
//
// # Busy
//
// Replication statements take a lock without waiting for it, and any commit in
// flight holds it. The server then fails at once, and often with the text it
// also has for "is so already". The methods therefore look before and after,
// and try again until their context ends: give them a deadline that suits how
// long you are ready to wait.
//
// # Names
//
// An unquoted name in Memgraph may not contain a dash, and everybody writes
// underscores instead: instance memgraph-0 is registered as memgraph_0.
// ReplicaName swaps dashes and underscores, so it is its own inverse: Register
// and Drop take the instance's name, and Answer.Replicas has it again.
package memgraph
