package conformance

import (
	"fmt"
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

func TestServerCallsItselfNeo4jCompatible(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	info, err := a.driver.GetServerInfo(t.Context())
	require.NoError(t, err)
	require.Contains(t, info.Agent(), "Neo4j/v5")
	require.Contains(t, info.Agent(), "Memgraph")
	require.Equal(t, 5, info.ProtocolVersion().Major)
	require.Equal(t, 2, info.ProtocolVersion().Minor)
}

func TestNoRoutingTable(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	driver, err := neo4j.NewDriverWithContext(fmt.Sprintf("neo4j://127.0.0.1:%d", a.bolt), neo4j.NoAuth())
	require.NoError(t, err)
	defer driver.Close(t.Context())
	a.refused(driver.VerifyConnectivity(t.Context()), retryable, "You cannot fetch routing table", "ROUTE")
}

func TestDatabaseNames(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	query := func(database string) error {
		session := a.driver.NewSession(t.Context(), neo4j.SessionConfig{DatabaseName: database})
		defer session.Close(t.Context())
		_, err := session.Run(t.Context(), "RETURN 1", nil)
		return err
	}
	require.NoError(t, query("memgraph"))
	a.refused(query("neo4j"), retryable, `Tried to retrieve an unknown database "neo4j".`, "another database")
}

func TestAccessModeIsAHintOnly(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	session := a.driver.NewSession(t.Context(), neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(t.Context())
	result, err := session.Run(t.Context(), creation(1), nil)
	require.NoError(t, err)
	_, err = result.Consume(t.Context())
	require.NoError(t, err)
	a.has(1)
}

func TestSyntaxErrorIsFinal(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	a.refuse("SYNTAX ERR", final, "Error on line 1 position 1.")
}

func TestSummaryOfAWrite(t *testing.T) { // transcript 10
	t.Parallel()
	a := lone(t)
	session := a.driver.NewSession(t.Context(), neo4j.SessionConfig{})
	defer session.Close(t.Context())
	result, err := session.Run(t.Context(), creation(1), nil)
	require.NoError(t, err)
	summary, err := result.Consume(t.Context())
	require.NoError(t, err)
	require.Equal(t, neo4j.StatementTypeWriteOnly, summary.StatementType())
	require.Equal(t, 1, summary.Counters().NodesCreated())
}
