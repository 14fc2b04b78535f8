package conformance

import (
	"context"
	"fmt"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

// The codes of a refusal: drivers retry the second kind.
const (
	final     = "Memgraph.ClientError.MemgraphError.MemgraphError"
	retryable = "Memgraph.TransientError.MemgraphError.MemgraphError"
	noLogin   = "Memgraph.ClientError.Security.Unauthenticated"
)

// table is a result.
type table struct {
	columns []string
	rows    [][]any
}

// try runs query as a transaction of its own.
func (i *instance) try(query string) (table, error) { return tryAs(i.t.Context(), i.driver, query) }

func tryAs(ctx context.Context, driver neo4j.DriverWithContext, query string) (table, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	result, err := session.Run(ctx, query, nil)
	if err != nil {
		return table{}, err
	}
	return collect(ctx, result)
}

func collect(ctx context.Context, result neo4j.ResultWithContext) (table, error) {
	columns, err := result.Keys()
	if err != nil {
		return table{}, err
	}
	got := table{columns: columns}
	for result.Next(ctx) {
		got.rows = append(got.rows, result.Record().Values)
	}
	return got, result.Err()
}

// run runs query, which succeeds.
func (i *instance) run(query string) table {
	i.t.Helper()
	got, err := i.try(query)
	require.NoError(i.t, err, "%s: %s", i.name, query)
	return got
}

// expect runs query, which returns these rows.
func (i *instance) expect(query string, rows ...[]any) {
	i.t.Helper()
	require.Equal(i.t, rows, i.run(query).rows, "%s: %s", i.name, query)
}

// refuse runs query, which fails with this code and a text that contains part.
func (i *instance) refuse(query, code, part string) {
	i.t.Helper()
	_, err := i.try(query)
	i.refused(err, code, part, query)
}

// refused is about an error that has been seen already.
func (i *instance) refused(err error, code, part, what string) {
	i.t.Helper()
	var refusal *neo4j.Neo4jError
	require.ErrorAs(i.t, err, &refusal, "%s: %s", i.name, what)
	require.Equal(i.t, code, refusal.Code, "%s: %s: %s", i.name, what, refusal.Msg)
	require.Contains(i.t, refusal.Msg, part, "%s: %s", i.name, what)
}

// begin opens an explicit transaction that ends with the test at the latest.
func (i *instance) begin() neo4j.ExplicitTransaction {
	i.t.Helper()
	ctx := i.t.Context()
	session := i.driver.NewSession(ctx, neo4j.SessionConfig{})
	i.t.Cleanup(func() { _ = session.Close(context.Background()) })
	tx, err := session.BeginTransaction(ctx)
	require.NoError(i.t, err)
	return tx
}

// explicitly runs query in an explicit transaction and returns how it ended.
func (i *instance) explicitly(query string) error {
	i.t.Helper()
	ctx := i.t.Context()
	tx := i.begin()
	if _, err := tx.Run(ctx, query, nil); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// managed runs query in a managed transaction, and tells how often the driver tried.
func (i *instance) managed(query string) (tries int, err error) {
	i.t.Helper()
	ctx := i.t.Context()
	session := i.driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	_, err = session.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		tries++
		return tx.Run(ctx, query, nil)
	})
	return tries, err
}

func (i *instance) create(id int) {
	i.t.Helper()
	i.run(creation(id))
}

// createUnconfirmed creates without the word of b, a replica in mode.
func (i *instance) createUnconfirmed(id int, mode string) {
	i.t.Helper()
	_, err := i.try(creation(id))
	i.unconfirmed(err, mode, autocommit)
}

// createSoon creates when the STRICT_SYNC replica is back: for up to a second
// after its restart it can be shown as ready from before while the first commit
// is aborted (memgraph-observed 3).
func (i *instance) createSoon(id int) {
	i.t.Helper()
	require.Eventually(i.t, func() bool {
		_, err := i.try(creation(id))
		return err == nil
	}, patience, pause, "%s: %s", i.name, creation(id))
}

func creation(id int) string { return fmt.Sprintf("CREATE (:P {id: %d})", id) }

// has tells the nodes that i holds, now.
func (i *instance) has(ids ...int) {
	i.t.Helper()
	require.Equal(i.t, ids, i.ids(), "nodes on %s", i.name)
}

// getsTo tells the nodes that i holds sooner or later.
func (i *instance) getsTo(ids ...int) {
	i.t.Helper()
	require.EventuallyWithT(i.t, func(c *assertCollect) { require.Equal(c, ids, i.ids(), "nodes on %s", i.name) },
		patience, pause)
}

// ids are the nodes that i holds now.
func (i *instance) ids() []int {
	i.t.Helper()
	var ids []int
	for _, row := range i.run("MATCH (n) RETURN n.id AS id ORDER BY id").rows {
		id, ok := row[0].(int64)
		require.True(i.t, ok, "id %v", row[0])
		ids = append(ids, int(id))
	}
	return ids
}
