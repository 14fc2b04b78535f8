package sim

import "sync/atomic"

// Traffic is what the controllers of a cluster have sent together since it began.
type Traffic struct {
	API        int64 // requests to the API server: the record, the lease, lists
	Statements int64 // to databases
	Peers      int64 // questions to each other
}

// Since is what was sent after before.
func (t Traffic) Since(before Traffic) Traffic {
	return Traffic{API: t.API - before.API, Statements: t.Statements - before.Statements, Peers: t.Peers - before.Peers}
}

// Traffic returns what was sent so far.
func (c *Cluster) Traffic() Traffic {
	return Traffic{API: c.traffic.api.Load(), Statements: c.traffic.statements.Load(), Peers: c.traffic.peers.Load()}
}

// traffic counts.
type traffic struct{ api, statements, peers atomic.Int64 }
