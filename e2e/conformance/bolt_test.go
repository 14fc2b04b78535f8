package conformance

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

func TestServerCallsItselfNeo4jCompatible(t *testing.T) {
	fact(t, "4.1b", "4.1c", "10")
	a := lone(t)
	info, err := a.driver.GetServerInfo(t.Context())
	require.NoError(t, err)
	require.Contains(t, info.Agent(), "Neo4j/v5")
	require.Contains(t, info.Agent(), "Memgraph")
	require.Equal(t, 5, info.ProtocolVersion().Major)
	require.Equal(t, 2, info.ProtocolVersion().Minor)
}

// offered opens a connection that proposes one version of Bolt, and returns what the
// server chose; 0 where it hung up.
func (i *instance) offered(proposal uint32) uint32 {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.bolt())
	require.NoError(i.t, err)
	defer conn.Close()
	require.NoError(i.t, conn.SetDeadline(time.Now().Add(patience)))
	hello := binary.BigEndian.AppendUint32(nil, 0x6060b017)
	hello = binary.BigEndian.AppendUint32(hello, proposal)
	_, err = conn.Write(append(hello, make([]byte, 12)...))
	require.NoError(i.t, err)
	answer := make([]byte, 4)
	_, err = io.ReadFull(conn, answer)
	require.NoError(i.t, err)
	return binary.BigEndian.Uint32(answer)
}

func TestVersionsOfBoltThatAreOffered(t *testing.T) {
	fact(t, "4.1a", "10")
	a := lone(t)
	offers := map[uint32]bool{
		0x0001: true, 0x0004: true, 0x0104: true, 0x0304: true, 0x0205: true,
		0x0003: false, 0x0204: false, 0x0404: a.changed(offersBolt44), 0x0005: false, 0x0105: false,
		0x0305: false, 0x0405: false, 0x0805: false, 0x0006: false,
	}
	for proposal, offered := range offers {
		require.Equal(t, offered, a.offered(proposal) == proposal, "Bolt %d.%d", proposal&0xff, proposal>>8)
	}
	require.Equal(t, uint32(0x0205), a.offered(0x00080805), "of 5.0 to 5.8")
}

func TestNoRoutingTable(t *testing.T) {
	fact(t, "4.2a", "10")
	a := lone(t)
	driver, err := neo4j.NewDriverWithContext("neo4j://"+a.bolt(), neo4j.NoAuth())
	require.NoError(t, err)
	defer driver.Close(t.Context())
	a.refused(driver.VerifyConnectivity(t.Context()), retryable, "You cannot fetch routing table", "ROUTE")
}

func TestDatabaseNames(t *testing.T) {
	fact(t, "4.2b", "10")
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

func TestAccessModeIsAHintOnly(t *testing.T) {
	fact(t, "10")
	a := lone(t)
	session := a.driver.NewSession(t.Context(), neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(t.Context())
	result, err := session.Run(t.Context(), creation(1), nil)
	require.NoError(t, err)
	_, err = result.Consume(t.Context())
	require.NoError(t, err)
	a.has(1)
}

func TestSyntaxErrorIsFinal(t *testing.T) {
	fact(t, "10")
	a := lone(t)
	a.refuse("SYNTAX ERR", final, "Error on line 1 position 1.")
}

func TestSummaryOfAWrite(t *testing.T) {
	fact(t, "10")
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
