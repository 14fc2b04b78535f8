package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/cli"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/backup"
	"memgraph-controller/controller/backup/buckettest"
	"memgraph-controller/docs/check"
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

// With a bucket on this machine in the place of the pages' one.
func TestCommandsOfThePagesLookAtBackupsInABucket(t *testing.T) {
	const content, name = "the content", "20260304T050607Z-db.graph-2"
	endpoint := buckettest.Start(t, "key", map[string]string{
		"R/" + name + "/snap_1": content,
		"R/" + name + "/manifest.json": fmt.Sprintf(`{"format":1,"file":"snap_1","bytes":%d,"sha256":"%x","cluster":"db/graph","role":"voter"}`,
			len(content), sha256.Sum256([]byte(content))),
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	pages, err := check.Pages(".")
	require.NoError(t, err)
	blocks, err := check.For(pages, check.Way(t.Name()))
	require.NoError(t, err)
	commands := 0
	for _, b := range blocks {
		for _, line := range b.Commands {
			words := strings.Fields(strings.ReplaceAll(line, "https://minio.example:9000", endpoint))
			require.Equal(t, "memgraph-controller", words[0], b)
			code, out, problems := execute(t, words[1:]...)
			require.Zero(t, code, "%s: %s", b, problems)
			require.Contains(t, out, name, b)
			commands++
		}
	}
	require.Equal(t, 2, commands)
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

// The init container waits, and the job runs the other program in it.
func TestTheInitContainerTakesTheBackupThatIsBroughtToIt(t *testing.T) {
	store, content := backup.Folder(t.TempDir()), "the content"
	m := backup.Manifest{Format: backup.Format, Name: "20260304T050607Z-db.graph-2", Cluster: "db/graph", File: "snap_1", Bytes: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content)))}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	for name, text := range map[string]string{"manifest.json": string(text), m.File: content} {
		require.NoError(t, store.Put(t.Context(), m.Name+"/"+name, int64(len(text)), strings.NewReader(text)))
	}
	folder, err := os.MkdirTemp("", "") // a socket's path has to be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	pod := reseedInit{StatefulSet: "graph", AwaitBackup: true, Socket: filepath.Join(folder, "s"), Data: filepath.Join(t.TempDir(), "data")}

	for name, waits := range map[string]bool{"graph-0": true, "graph-1": false} {
		pod.Name = name
		require.Equal(t, waits, pod.restore(slog.New(slog.DiscardHandler)) != nil, name)
	}
	pod.Name = "graph-0"
	accept := func(ctx context.Context, stream io.Reader, args ...string) error {
		var wrong bytes.Buffer
		code := cli.Execute(ctx, &commandLine{}, append([]string{"backup", "accept", "--socket", pod.Socket}, args...), &cli.Terminal{In: stream, Out: io.Discard, Err: &wrong})
		if code != 0 {
			return errors.New(wrong.String())
		}
		return nil
	}
	require.ErrorContains(t, accept(t.Context(), nil, "--ask"), "nobody waits for a backup here")
	ended := make(chan error, 1)
	go func() { ended <- pod.restore(slog.New(slog.DiscardHandler))(t.Context()) }()
	require.NoError(t, backup.Delivery{
		Status: func(context.Context) (api.Status, error) { return api.Status{}, nil },
		Awaits: func(ctx context.Context) error { return accept(ctx, nil, "--ask") },
		Hand:   func(ctx context.Context, stream io.Reader) error { return accept(ctx, stream) },
		Store:  store, Name: backup.Latest, Cluster: "db/graph", Log: slog.New(slog.DiscardHandler),
	}.Run(t.Context()))
	require.NoError(t, <-ended)
	restored, err := os.ReadFile(filepath.Join(pod.Data, "snapshots", m.File))
	require.NoError(t, err)
	require.Equal(t, content, string(restored))
}
