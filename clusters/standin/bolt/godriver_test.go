package bolt_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"memgraph-controller/clusters/standin/bolt"
)

// listen serves on a port of the loopback interface until the test ends, all
// versions or the one that is given.
func listen(t *testing.T, db *database, version ...byte) (address string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := bolt.NewServer(bolt.Config{Backend: db})
	if len(version) == 2 {
		server.OfferOnly(version[0], version[1])
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-served)
		require.Zero(t, db.openSessions(), "every session is closed with its connection")
	})
	return ln.Addr().String()
}

func connectDriver(t *testing.T, url string, auth neo4j.AuthToken) neo4j.DriverWithContext {
	driver, err := neo4j.NewDriverWithContext(url, auth)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close(context.Background())) })
	return driver
}

func newSession(t *testing.T, driver neo4j.DriverWithContext, config neo4j.SessionConfig) neo4j.SessionWithContext {
	s := driver.NewSession(context.Background(), config)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

// TestGoDriver runs the same with every version that the driver speaks.
func TestGoDriver(t *testing.T) {
	for _, version := range [][]byte{{4, 3}, {4, 4}, {5, 2}} {
		for name, test := range map[string]func(*testing.T, *database, neo4j.DriverWithContext){
			"autocommit":             testAutocommit,
			"values":                 testValues,
			"graph":                  testGraph,
			"explicit transactions":  testExplicitTransactions,
			"managed transactions":   testManagedTransactions,
			"results side by side":   testResultsSideBySide,
			"portions":               testPortions,
			"failures":               testFailures,
			"a pool of connections":  testPool,
			"a hundred thousand":     testHundredThousandRows,
			"a deadline interrupts":  testDeadline,
			"unsupported parameters": testUnsupportedParameters,
		} {
			t.Run(fmt.Sprintf("%d.%d/%s", version[0], version[1], name), func(t *testing.T) {
				t.Parallel() // the driver waits a second before it tries again
				db := newDatabase()
				driver := connectDriver(t, "bolt://"+listen(t, db, version...), neo4j.NoAuth())
				info, err := driver.GetServerInfo(context.Background())
				require.NoError(t, err)
				require.Equal(t, int(version[0]), info.ProtocolVersion().Major)
				require.Equal(t, int(version[1]), info.ProtocolVersion().Minor)
				require.Equal(t, bolt.DefaultAgent, info.Agent())
				test(t, db, driver)
			})
		}
	}
}

func testAutocommit(t *testing.T, db *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{})
	res, err := s.Run(ctx, createQuery, nil)
	require.NoError(t, err)
	summary, err := res.Consume(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, summary.Counters().NodesCreated())
	require.True(t, summary.Counters().ContainsUpdates())
	require.Equal(t, neo4j.StatementTypeWriteOnly, summary.StatementType())
	require.Equal(t, "memgraph", summary.Database().Name())
	require.EqualValues(t, 1, db.created.Load())
}

func testValues(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	want := map[string]any{
		"null": nil, "bool": true, "int": int64(-1 << 40), "float": 0.1, "text": "Größe", "bytes": []byte{0, 255},
		"list": []any{int64(1), []any{}}, "map": map[string]any{"a": map[string]any{}},
	}
	res, err := neo4j.ExecuteQuery(ctx, driver, echoQuery, map[string]any{"value": want}, neo4j.EagerResultTransformer)
	require.NoError(t, err)
	require.Equal(t, []string{"value"}, res.Keys)
	require.Equal(t, []any{want}, res.Records[0].Values)
}

func testGraph(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	res, err := neo4j.ExecuteQuery(context.Background(), driver, graphQuery, nil, neo4j.EagerResultTransformer)
	require.NoError(t, err)
	node := res.Records[0].Values[0].(neo4j.Node)
	require.Equal(t, "1", node.ElementId)
	require.Equal(t, []string{"X"}, node.Labels)
	require.Equal(t, map[string]any{"id": int64(7)}, node.Props)
	edge := res.Records[0].Values[1].(neo4j.Relationship)
	require.Equal(t, []string{"2", "1", "3", "KNOWS"}, []string{edge.ElementId, edge.StartElementId, edge.EndElementId, edge.Type})
	require.Equal(t, map[string]any{"since": 1.5}, edge.Props)
}

func testExplicitTransactions(t *testing.T, db *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{DatabaseName: "memgraph", AccessMode: neo4j.AccessModeRead})
	for _, end := range []func(neo4j.ExplicitTransaction) error{
		func(tx neo4j.ExplicitTransaction) error { return tx.Rollback(ctx) },
		func(tx neo4j.ExplicitTransaction) error { return tx.Commit(ctx) },
	} {
		require.Zero(t, db.created.Load())
		tx, err := s.BeginTransaction(ctx)
		require.NoError(t, err)
		for range 2 {
			_, err = tx.Run(ctx, createQuery, nil)
			require.NoError(t, err)
		}
		require.NoError(t, end(tx))
	}
	require.EqualValues(t, 2, db.created.Load())
	require.Contains(t, db.calls(), `begin "memgraph" true`)
}

// testManagedTransactions has a commit that fails transiently: the driver is to
// try the whole transaction again.
func testManagedTransactions(t *testing.T, db *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	db.failedCommits.Store(1)
	tries := 0
	s := newSession(t, driver, neo4j.SessionConfig{})
	_, err := s.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		tries++
		return tx.Run(ctx, createQuery, nil)
	})
	require.NoError(t, err)
	require.Equal(t, 2, tries)
	require.EqualValues(t, 1, db.created.Load())
}

func testResultsSideBySide(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{FetchSize: 2})
	tx, err := s.BeginTransaction(ctx)
	require.NoError(t, err)
	a, err := tx.Run(ctx, rangeQuery, map[string]any{"n": 9})
	require.NoError(t, err)
	require.True(t, a.Next(ctx))
	b, err := tx.Run(ctx, rangeQuery, map[string]any{"n": 9})
	require.NoError(t, err)
	for i := range 9 {
		require.True(t, b.Next(ctx))
		require.EqualValues(t, i+1, b.Record().Values[0])
		if i > 0 {
			require.True(t, a.Next(ctx))
		}
		require.EqualValues(t, i+1, a.Record().Values[0])
	}
	require.False(t, a.Next(ctx))
	require.NoError(t, a.Err())
	require.NoError(t, tx.Commit(ctx))
}

// testPortions leaves a result after its first rows, which discards the rest.
func testPortions(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{FetchSize: 10})
	res, err := s.Run(ctx, rangeQuery, map[string]any{"n": 1 << 40})
	require.NoError(t, err)
	for range 25 {
		require.True(t, res.Next(ctx))
	}
	_, err = res.Consume(ctx)
	require.NoError(t, err)
	_, err = s.Run(ctx, echoQuery, map[string]any{"value": 1})
	require.NoError(t, err)
}

func testFailures(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{})
	for range 3 {
		_, err := s.Run(ctx, brokenQuery, nil)
		var failure *neo4j.Neo4jError
		require.ErrorAs(t, err, &failure)
		require.Equal(t, clientCode, failure.Code)
		require.Equal(t, "Error on line 1 position 1.", failure.Msg)
		require.False(t, neo4j.IsRetryable(err))

		res, err := s.Run(ctx, brokenRows, nil)
		require.NoError(t, err)
		for range 3 {
			require.True(t, res.Next(ctx))
		}
		require.False(t, res.Next(ctx))
		require.ErrorContains(t, res.Err(), "The disk is on fire.")

		_, err = s.Run(ctx, echoQuery, map[string]any{"value": 1})
		require.NoError(t, err)
	}
}

func testPool(t *testing.T, db *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			for range 10 {
				_, err := neo4j.ExecuteQuery(ctx, driver, createQuery, nil, neo4j.EagerResultTransformer)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 200, db.created.Load())
}

func testHundredThousandRows(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{FetchSize: 1000})
	res, err := s.Run(ctx, rangeQuery, map[string]any{"n": 100_000})
	require.NoError(t, err)
	last := int64(0)
	for res.Next(ctx) {
		require.Equal(t, last+1, res.Record().Values[0])
		last++
	}
	require.NoError(t, res.Err())
	require.EqualValues(t, 100_000, last)
}

// testDeadline: a driver whose patience ends closes the connection.
func testDeadline(t *testing.T, db *database, driver neo4j.DriverWithContext) {
	s := newSession(t, driver, neo4j.SessionConfig{})
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err := s.Run(ctx, hangQuery, nil)
		require.Error(t, err)
		return db.interrupted.Load() > 0
	}, 20*time.Second, time.Millisecond)
}

func testUnsupportedParameters(t *testing.T, _ *database, driver neo4j.DriverWithContext) {
	ctx := context.Background()
	s := newSession(t, driver, neo4j.SessionConfig{})
	for _, odd := range []any{time.Now(), neo4j.DateOf(time.Now()), neo4j.DurationOf(1, 2, 3, 4), neo4j.Point2D{X: 1}} {
		_, err := s.Run(ctx, echoQuery, map[string]any{"value": odd})
		require.ErrorContains(t, err, "temporal and spatial types) are not supported")
		_, err = s.Run(ctx, echoQuery, map[string]any{"value": 1})
		require.NoError(t, err)
	}
}

func TestGoDriverLearnsThatItIsNotLetIn(t *testing.T) {
	db := newDatabase()
	db.password = "secret"
	address := listen(t, db)
	ctx := context.Background()
	for _, auth := range []neo4j.AuthToken{neo4j.NoAuth(), neo4j.BasicAuth("ann", "guess", ""), neo4j.BearerAuth("secret")} {
		err := connectDriver(t, "bolt://"+address, auth).VerifyConnectivity(ctx)
		var failure *neo4j.Neo4jError
		require.ErrorAs(t, err, &failure)
		require.Equal(t, "Memgraph.ClientError.Security.Unauthenticated", failure.Code)
	}
	require.NoError(t, connectDriver(t, "bolt://"+address, neo4j.BasicAuth("ann", "secret", "")).VerifyConnectivity(ctx))
}

// TestGoDriverChangesUsers has sessions with credentials of their own on one
// connection: LOGOFF and LOGON.
func TestGoDriverChangesUsers(t *testing.T) {
	db := newDatabase()
	driver := connectDriver(t, "bolt://"+listen(t, db), neo4j.BasicAuth("ann", "x", ""))
	ctx := context.Background()
	for _, name := range []string{"bob", "eve", "bob"} {
		auth := neo4j.BasicAuth(name, "x", "")
		s := newSession(t, driver, neo4j.SessionConfig{Auth: &auth})
		res, err := s.Run(ctx, echoQuery, map[string]any{"value": 1})
		require.NoError(t, err)
		_, err = res.Consume(ctx)
		require.NoError(t, err)
		require.NoError(t, s.Close(ctx))
	}
	require.Subset(t, db.calls(), []string{"login bob", "login eve"})
	require.Equal(t, 1, db.openSessions())
}

func TestGoDriverCannotRoute(t *testing.T) {
	driver := connectDriver(t, "neo4j://"+listen(t, newDatabase()), neo4j.NoAuth())
	err := driver.VerifyConnectivity(context.Background())
	require.ErrorContains(t, err, "You cannot fetch routing table from an instance which is not part of a cluster.")
}
