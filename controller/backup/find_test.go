package backup

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// keep puts the manifest of a backup into a store.
func keep(t *testing.T, store Store, name, cluster, database string) {
	t.Helper()
	put(t, store, name+"/manifest.json", fmt.Sprintf(`{"format":1,"file":"snap","bytes":1,"sha256":"00","cluster":%q,"database":%q}`, cluster, database))
}

func TestTheLatestIsThatOfOneCluster(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		keep(t, store, "20260301T000000Z-db.graph-1", "db/graph", "a")
		keep(t, store, "20260302T000000Z-db.graph-2", "db/graph", "a")
		m, _, err := Find(t.Context(), store, Latest, "")
		require.NoError(t, err)
		require.Equal(t, "20260302T000000Z-db.graph-2", m.Name, "there is one cluster only")

		keep(t, store, "20260303T000000Z-prod.graph-1", "prod/graph", "b")
		for cluster, want := range map[string]string{"db/graph": "20260302T000000Z-db.graph-2", "prod/graph": "20260303T000000Z-prod.graph-1"} {
			m, _, err = Find(t.Context(), store, Latest, cluster)
			require.NoError(t, err)
			require.Equal(t, want, m.Name)
		}
		_, _, err = Find(t.Context(), store, Latest, "")
		require.ErrorContains(t, err, "20260302T000000Z-db.graph-2 (database a of db/graph), 20260303T000000Z-prod.graph-1 (database b of prod/graph)")
		_, _, err = Find(t.Context(), store, Latest, "test/graph")
		require.ErrorContains(t, err, "no complete backup of test/graph")
		require.ErrorContains(t, err, "20260303T000000Z-prod.graph-1 of prod/graph")
		m, _, err = Find(t.Context(), store, "20260301T000000Z-db.graph-1", "test/graph")
		require.NoError(t, err)
		require.Equal(t, "db/graph", m.Cluster, "one that is named may be anybody's")
	})
}

// Somebody installed the release anew and forgot to restore: its backups are newer, and empty.
func TestTheLatestOfTwoDatabasesHasToBeNamed(t *testing.T) {
	store := Folder(t.TempDir())
	keep(t, store, "20260301T000000Z-db.graph-1", "db/graph", "a")
	keep(t, store, "20260302T000000Z-db.graph-1", "db/graph", "empty")
	_, _, err := Find(t.Context(), store, Latest, "db/graph")
	require.ErrorContains(t, err, "20260301T000000Z-db.graph-1 (database a of db/graph), 20260302T000000Z-db.graph-1 (database empty of db/graph)")
}

func TestOneBackupThatCannotBeReadHidesNoOther(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		keep(t, store, "20260301T000000Z-db.graph-1", "db/graph", "a")
		put(t, store, "20260302T000000Z-db.graph-1/manifest.json", `{"format":1,"fi`)
		keep(t, store, "20260303T000000Z-db.graph-1", "db/graph", "a")
		put(t, store, "20260304T000000Z-db.graph-1/manifest.json", "")
		put(t, store, "20260305T000000Z-db.graph-1/manifest.json", `{"format":99}`)
		all, unreadable, err := List(t.Context(), store)
		require.NoError(t, err)
		require.Len(t, all, 2)
		m, skipped, err := Find(t.Context(), store, Latest, "db/graph")
		require.NoError(t, err)
		require.Equal(t, "20260303T000000Z-db.graph-1", m.Name)
		require.Equal(t, unreadable, skipped)
		for n, says := range []string{"20260302T000000Z-db.graph-1", "20260304T000000Z-db.graph-1", "20260305T000000Z-db.graph-1: manifest: format 99"} {
			require.ErrorContains(t, skipped[n], says)
		}
	})
}

func TestWithoutABackupNothingIsFound(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		_, _, err := Find(t.Context(), store, Latest, "db/graph")
		require.ErrorContains(t, err, "no complete backup")
		_, _, err = Find(t.Context(), store, "20260304T050607Z-db.graph-2", "db/graph")
		require.ErrorContains(t, err, "20260304T050607Z-db.graph-2")
		put(t, store, "20260302T000000Z-db.graph-1/manifest.json", "{")
		_, _, err = Find(t.Context(), store, Latest, "db/graph")
		require.ErrorContains(t, err, "no backup in the store can be read")
		require.ErrorContains(t, err, "20260302T000000Z-db.graph-1: manifest")
	})
}
