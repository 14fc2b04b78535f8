package bolt_test

import (
	"context"
	"net"
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

// listen starts a server on a port of the loopback interface.
func listen(t *testing.T, db *database) (address string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := bolt.NewServer(bolt.Config{Backend: db})
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.NoError(t, <-served)
		require.Zero(t, db.openSessions(), "every session is closed with its connection")
	})
	return ln.Addr().String()
}

func goDriver(t *testing.T, url string, auth neo4j.AuthToken, opts ...func(*config.Config)) neo4j.DriverWithContext {
	driver, err := neo4j.NewDriverWithContext(url, auth, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close(context.Background())) })
	return driver
}

func TestGoDriverSmoke(t *testing.T) {
	db := newDatabase()
	driver := goDriver(t, "bolt://"+listen(t, db), neo4j.NoAuth())
	ctx := context.Background()
	info, err := driver.GetServerInfo(ctx)
	require.NoError(t, err)
	require.Equal(t, bolt.DefaultAgent, info.Agent())
	res, err := neo4j.ExecuteQuery(ctx, driver, rangeQuery, map[string]any{"n": 100000}, neo4j.EagerResultTransformer)
	require.NoError(t, err)
	require.Len(t, res.Records, 100000)
}
