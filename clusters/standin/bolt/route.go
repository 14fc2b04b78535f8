package bolt

import "fmt"

// route refuses to give a routing table, so that a client with the scheme
// neo4j:// learns that it needs bolt://.
//
// Bolt 4.3 has the database's name where later versions have a map of options.
// Memgraph 3.6 closes the connection without a word when the name is null, as
// it is in drivers whose user gave none (memgraph-observed, transcript 10).
func (c *conn) route(r request) error {
	if !c.version.atLeast(4, 3) {
		return fmt.Errorf("ROUTE in Bolt %s", c.version)
	}
	if err := c.expect(r, 3, ready); err != nil {
		return err
	}
	if _, named := r.fields[2].(string); c.version == (version{4, 3}) && !named {
		return fmt.Errorf("%w: ROUTE without a database", ErrHangUp)
	}
	return c.fail(&Failure{Code: codeTransient,
		Message: "You cannot fetch routing table from an instance which is not part of a cluster."})
}
