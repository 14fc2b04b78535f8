package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/standintest"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// database is a stand-in that keeps its data in a folder.
type database struct {
	*memgraph.Client
	driver neo4j.DriverWithContext
	// end kills it and gives the folder up.
	end func()
}

func start(t *testing.T, data, version string) database {
	t.Helper()
	files, err := disk.OpenDir(data)
	require.NoError(t, err)
	config := standin.Defaults()
	config.Name, config.Version, config.Disk, config.Random = "graph-1", version, files, rand.Reader
	config.Log, config.StorageSnapshotOnExit = slog.New(slog.DiscardHandler), false
	config.BoltAddress = standintest.Free(t)
	instance, err := standin.Start(t.Context(), config)
	require.NoError(t, err)
	d := database{}
	d.Client, err = memgraph.Open(memgraph.Config{Name: "graph-1", Address: config.BoltAddress, ReplicationAddress: standintest.Free(t), Timeout: 10 * time.Second})
	require.NoError(t, err)
	d.driver, err = neo4j.NewDriverWithContext("bolt://"+config.BoltAddress, neo4j.NoAuth())
	require.NoError(t, err)
	ended := false
	d.end = func() {
		if ended {
			return
		}
		ended = true
		d.Close()
		_ = d.driver.Close(context.WithoutCancel(t.Context()))
		instance.Kill()
		require.NoError(t, files.Close())
	}
	t.Cleanup(d.end)
	return d
}

func (d database) run(t *testing.T, query string) []any {
	t.Helper()
	session := d.driver.NewSession(t.Context(), neo4j.SessionConfig{})
	defer session.Close(t.Context())
	result, err := session.Run(t.Context(), query, nil)
	require.NoError(t, err, query)
	records, err := result.Collect(t.Context())
	require.NoError(t, err, query)
	var values []any
	for _, record := range records {
		values = append(values, record.Values[0])
	}
	return values
}

// healthy is a cluster of three in which all is well.
func healthy() api.Status {
	status := api.Status{Cluster: "graph", Epoch: 7, Record: topology.Record{Epoch: 7, Main: "graph-0", Voter: "graph-1", Gate: topology.GateOpen}}
	for n := range 3 {
		i := api.Instance{Name: fmt.Sprintf("graph-%d", n), Health: topology.HealthUp, Clean: true}
		if n > 0 {
			i.Status = topology.StatusReady
		}
		status.Instances = append(status.Instances, i)
	}
	return status
}

// job is one of the healthy cluster, in which ask answers for every instance.
func job(store Store, ask func(instance string, stream io.Writer) error) Job {
	return Job{
		Status: func(context.Context) (api.Status, error) { return healthy(), nil },
		Ask:    func(_ context.Context, instance string, stream io.Writer) error { return ask(instance, stream) },
		Store:  store, Namespace: "db", Keep: 2, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	}
}

// latest is the newest backup of the only cluster in a store.
func latest(t *testing.T, store Store) Manifest {
	t.Helper()
	m, skipped, err := Find(t.Context(), store, Latest, "")
	require.NoError(t, err)
	require.Empty(t, skipped)
	return m
}

// restore brings a backup to somebody who waits for it.
func restore(t *testing.T, store Store, name, data string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	at, ended := wait(ctx, t, data)
	err := delivery(store, at, name).Run(ctx)
	if err != nil {
		cancel() // or it waits for the next one
	}
	waited := <-ended
	cancel()
	if err == nil {
		require.NoError(t, waited)
	}
	return err
}

// wait waits for a backup at a socket, and tells how that ended.
func wait(ctx context.Context, t *testing.T, data string) (socket string, ended chan error) {
	t.Helper()
	folder, err := os.MkdirTemp("", "") // a socket's path has to be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket, ended = filepath.Join(folder, "s"), make(chan error, 1)
	require.NoError(t, os.WriteFile(socket, nil, 0o600)) // of a process that was killed
	go func() {
		_, err := Await(ctx, socket, data, slog.New(slog.DiscardHandler))
		ended <- err
	}()
	require.Eventually(t, func() bool { return Forward(ctx, socket, nil) == nil }, 10*time.Second, time.Millisecond)
	return socket, ended
}

// delivery is one to a socket, in a cluster that never had a main.
func delivery(store Store, socket, name string) Delivery {
	return Delivery{
		Status: func(context.Context) (api.Status, error) { return api.Status{}, nil },
		Awaits: func(ctx context.Context) error { return Forward(ctx, socket, nil) },
		Hand:   func(ctx context.Context, stream io.Reader) error { return Forward(ctx, socket, stream) },
		Store:  store, Name: name, Cluster: "db/graph", Log: slog.New(slog.DiscardHandler),
	}
}

// stream is what Send would write.
func stream(t *testing.T, snapshot string) []byte {
	t.Helper()
	var out bytes.Buffer
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "snapshots"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "snapshots", "snap_1"), []byte(snapshot), 0o600))
	require.NoError(t, Send(t.Context(), fake{}, "graph-2", root, &out))
	return out.Bytes()
}

type fake struct{}

func (fake) Snapshot(context.Context) (string, error) { return "snapshots/snap_1", nil }
func (fake) Contents(context.Context) (memgraph.Contents, error) {
	return memgraph.Contents{Database: "uuid", Nodes: 3, Edges: 2, Version: "3.12.0"}, nil
}

// Everything is lost but the backup.
func TestABackupBringsEverythingBack(t *testing.T) {
	for _, version := range []string{"3.6", "3.12"} {
		t.Run(version, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store Store) {
				volume := t.TempDir()
				first := start(t, filepath.Join(volume, "data"), version)
				first.run(t, "CREATE INDEX ON :Person(id)")
				for n := range 50 {
					first.run(t, fmt.Sprintf("CREATE (:Person {id: %d})-[:KNOWS]->(:Person {id: %d})", n, 1000+n))
				}
				before, err := first.Contents(t.Context())
				require.NoError(t, err)
				require.NoError(t, job(store, func(instance string, stream io.Writer) error {
					return Send(t.Context(), first, instance, filepath.Join(volume, "data"), stream)
				}).Run(t.Context()))
				first.run(t, "CREATE (:Person {id: 5000})") // after the backup, and so not in it
				first.end()
				require.NoError(t, os.RemoveAll(volume))

				volume = t.TempDir()
				m := latest(t, store)
				require.NoError(t, restore(t, store, m.Name, filepath.Join(volume, "data")))
				require.Equal(t, Manifest{
					Format: Format, Name: "20260304T050607Z-db.graph-2", At: m.At, Cluster: "db/graph", Instance: "graph-2", Role: RoleReplica, Epoch: 7,
					Database: before.Database, Version: before.Version, Nodes: 100, Edges: 50, File: m.File, Bytes: m.Bytes, SHA256: m.SHA256,
				}, m)
				second := start(t, filepath.Join(volume, "data"), version)
				require.Equal(t, []any{int64(100)}, second.run(t, "MATCH (p:Person) RETURN count(p)"))
				after, err := second.Contents(t.Context())
				require.NoError(t, err)
				require.Equal(t, before, after, "the same database, with as many nodes and relationships")
			})
		})
	}
}

// Nothing was written since the last snapshot, and the server may say so.
func TestASecondBackupOfTheSameData(t *testing.T) {
	volume, store := t.TempDir(), Folder(t.TempDir())
	d := start(t, filepath.Join(volume, "data"), "3.12")
	d.run(t, "CREATE (:Person {id: 1})")
	j := job(store, func(instance string, stream io.Writer) error {
		return Send(t.Context(), d, instance, filepath.Join(volume, "data"), stream)
	})
	require.NoError(t, j.Run(t.Context()))
	j.Now = func() time.Time { return now.Add(time.Hour) }
	require.NoError(t, j.Run(t.Context()))
	all, unreadable, err := List(t.Context(), store)
	require.NoError(t, err)
	require.Empty(t, unreadable)
	require.Len(t, all, 2)
	for _, m := range all {
		require.NoError(t, Verify(t.Context(), store, m))
	}
}

// Replicas before 3.7.2 take no snapshots.
func TestTheNextInstanceIsAskedWhereOneCannot(t *testing.T) {
	store, whole := Folder(t.TempDir()), stream(t, "the content")
	var asked []string
	require.NoError(t, job(store, func(instance string, out io.Writer) error {
		asked = append(asked, instance)
		if instance != "graph-0" {
			return memgraph.ErrNoSnapshots
		}
		_, err := out.Write(whole)
		return err
	}).Run(t.Context()))
	require.Equal(t, []string{"graph-2", "graph-1", "graph-0"}, asked)
	all, unreadable, err := List(t.Context(), store)
	require.NoError(t, err)
	require.Empty(t, unreadable)
	require.Len(t, all, 1)
	require.Equal(t, "graph-0", all[0].Instance)
}

// A stream that broke, or was changed on its way, is no backup.
func TestABrokenStreamIsNoBackup(t *testing.T) {
	whole := stream(t, strings.Repeat("the content ", 100))
	bent := bytes.Replace(bytes.Clone(whole), []byte("the content"), []byte("THE content"), 1)
	for name, sent := range map[string][]byte{
		"nothing": nil, "half of the snapshot": whole[:700], "no manifest": whole[:2048], "half of the manifest": whole[:2600], "another content": bent,
	} {
		eachStore(t, func(t *testing.T, store Store) {
			old := stream(t, "of yesterday")
			j := job(store, func(_ string, out io.Writer) error { _, err := out.Write(old); return err })
			j.Now = func() time.Time { return now.Add(-24 * time.Hour) }
			require.NoError(t, j.Run(t.Context()))
			require.Error(t, job(store, func(_ string, out io.Writer) error { _, err := out.Write(sent); return err }).Run(t.Context()), name)
			require.Equal(t, "20260303T050607Z-db.graph-2", latest(t, store).Name, "%s: that of yesterday is the newest", name)
		})
	}
}

func TestWhyAnInstanceFailedIsSaid(t *testing.T) {
	err := job(Folder(t.TempDir()), func(instance string, _ io.Writer) error { return errors.New("no room on " + instance) }).Run(t.Context())
	require.ErrorContains(t, err, "graph-2: no room on graph-2")
	require.ErrorContains(t, err, "graph-0: no room on graph-0")
}

func TestOldBackupsGoWhenANewOneIsComplete(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		whole := stream(t, "the content")
		put(t, store, "notes/mine.txt", "somebody else's")
		put(t, store, "20260101T000000Z-db.graph-1/manifest.json", `{"format":1,"file":"snap","bytes":1,"sha256":"00","cluster":"db/graph","database":"another one"}`)
		put(t, store, "20260101T000000Z-prod.graph-1/manifest.json", `{"format":1,"file":"snap","bytes":1,"sha256":"00","cluster":"prod/graph","database":"uuid"}`)
		put(t, store, "20260102T000000Z-db.graph-1/manifest.json", `{"format":1,`)
		put(t, store, "20260301T000000Z-db.graph-1/snap", "abandoned")
		put(t, store, "20260301T000000Z-prod.graph-1/snap", "another cluster's, whose jobs may take longer")
		put(t, store, "20260304T040000Z-db.graph-1/snap", "perhaps under way")
		for hour := range 4 {
			j := job(store, func(_ string, out io.Writer) error { _, err := out.Write(whole); return err })
			j.Now = func() time.Time { return now.Add(time.Duration(hour) * time.Hour) }
			require.NoError(t, j.Run(t.Context()))
		}
		names, err := store.List(t.Context())
		require.NoError(t, err)
		slices.Sort(names)
		require.Equal(t, []string{
			"20260101T000000Z-db.graph-1/manifest.json", "20260101T000000Z-prod.graph-1/manifest.json",
			"20260102T000000Z-db.graph-1/manifest.json",
			"20260301T000000Z-prod.graph-1/snap",
			"20260304T040000Z-db.graph-1/snap",
			"20260304T070607Z-db.graph-2/manifest.json", "20260304T070607Z-db.graph-2/snap_1",
			"20260304T080607Z-db.graph-2/manifest.json", "20260304T080607Z-db.graph-2/snap_1",
			"notes/mine.txt",
		}, names)
	})
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		whole := stream(t, "the content")
		require.NoError(t, job(store, func(_ string, out io.Writer) error { _, err := out.Write(whole); return err }).Run(t.Context()))
		m := latest(t, store)
		put(t, store, path.Join(m.Name, m.File), "THE content")
		data := filepath.Join(t.TempDir(), "data")
		require.ErrorContains(t, restore(t, store, m.Name, data), "with checksum")
		require.NoDirExists(t, data+".restoring", "it may have filled the volume")
		require.NoDirExists(t, data)
		put(t, store, path.Join(m.Name, m.File), "the con") // cut off
		require.ErrorContains(t, restore(t, store, m.Name, data), "send snapshot")
		require.NoDirExists(t, data)
		put(t, store, path.Join(m.Name, m.File), "the content")
		require.NoError(t, os.MkdirAll(filepath.Join(data+".restoring", "snapshots", "snap_1"), 0o755))
		require.NoError(t, restore(t, store, m.Name, data)) // over what a try left that was killed
		require.ErrorContains(t, restore(t, store, m.Name, data), "is there already")
	})
}

func TestManifestsThatLeadElsewhereAreRefused(t *testing.T) {
	for _, text := range []string{
		`{`, `{"format":2,"file":"a","bytes":1,"sha256":"x"}`, `{"format":1,"file":"../a","bytes":1,"sha256":"x"}`,
		`{"format":1,"file":"..","bytes":1,"sha256":"x"}`, `{"format":1,"file":"a","bytes":0,"sha256":"x"}`, `{"format":1,"file":"a","bytes":1}`,
	} {
		_, err := decode([]byte(text))
		require.ErrorContains(t, err, "manifest", text)
	}
}

// The order of the stream is what lets it be read once.
func TestTheManifestComesLast(t *testing.T) {
	archive := tar.NewReader(bytes.NewReader(stream(t, "the content")))
	var names []string
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		names = append(names, header.Name)
	}
	require.Equal(t, []string{"snap_1", "manifest.json"}, names)
}
