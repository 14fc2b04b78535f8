package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/cli"
)

// execute runs a command line outside of a cluster.
func execute(t *testing.T, args ...string) (code int, out, problems string) {
	t.Helper()
	var said, wrong bytes.Buffer
	code = cli.Execute(t.Context(), &commandLine{}, args, &cli.Terminal{Out: &said, Err: &wrong})
	return code, said.String(), wrong.String()
}

func TestBackupsAreListedAndVerified(t *testing.T) {
	store, content := t.TempDir(), []byte("the content")
	sum := sha256.Sum256(content)
	folder := filepath.Join(store, "20260304T050607Z-db.graph-2")
	require.NoError(t, os.Mkdir(folder, 0o755))
	snapshot := filepath.Join(folder, "snap_1")
	require.NoError(t, os.WriteFile(snapshot, content, 0o600))
	manifest := fmt.Sprintf(`{"format":1,"file":"snap_1","bytes":11,"sha256":%q,"nodes":3,"edges":2,"version":"3.12.0","cluster":"db/graph","role":"replica","behind":4,"database":"uuid"}`, hex.EncodeToString(sum[:]))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "manifest.json"), []byte(manifest), 0o600))

	code, out, problems := execute(t, "backup", "list", "--store", store)
	require.Zero(t, code, problems)
	require.Equal(t, "20260304T050607Z-db.graph-2  db/graph  replica, 4 behind  11 bytes  3 nodes  2 edges  Memgraph 3.12.0  database uuid\n", out)
	require.Empty(t, problems)
	code, out, problems = execute(t, "backup", "verify", "--store", store)
	require.Zero(t, code, problems)
	require.Equal(t, "20260304T050607Z-db.graph-2 is whole: 11 bytes\n", out)

	partial := filepath.Join(store, "20260305T050607Z-db.graph-1")
	require.NoError(t, os.Mkdir(partial, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(partial, "manifest.json"), []byte(`{"format":1,`), 0o600))
	for _, command := range []string{"list", "verify"} {
		code, out, problems = execute(t, "backup", command, "--store", store)
		require.Zero(t, code, problems)
		require.Contains(t, out, "20260304T050607Z-db.graph-2")
		require.Contains(t, problems, "warning: not usable: backup 20260305T050607Z-db.graph-1: manifest")
	}
	code, _, problems = execute(t, "backup", "verify", "--store", store, "--cluster", "prod/graph")
	require.NotZero(t, code)
	require.Contains(t, problems, "no complete backup of prod/graph")

	require.NoError(t, os.WriteFile(snapshot, []byte("THE content"), 0o600))
	code, _, problems = execute(t, "backup", "verify", "20260304T050607Z-db.graph-2", "--store", store)
	require.NotZero(t, code)
	require.Contains(t, problems, "snap_1 is damaged")
}

func TestBackupsNeedAPlaceAndKeepOne(t *testing.T) {
	t.Setenv("BACKUP_STORE", "")
	code, _, problems := execute(t, "backup", "list")
	require.NotZero(t, code)
	require.Contains(t, problems, "--store")
	code, _, problems = execute(t, "backup", "run", "--keep=0", "--namespace=n", "--server=http://x")
	require.NotZero(t, code)
	require.Contains(t, problems, "at least 1")
}
