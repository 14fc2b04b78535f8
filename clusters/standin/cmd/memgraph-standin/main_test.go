package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// program is a stand-in that runs.
type program struct {
	t     *testing.T
	port  int
	admin int
	stop  context.CancelFunc
	ended chan error
}

func start(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	p := &program{t: t, port: freePort(t), admin: freePort(t), ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	args = append(args, "--data_directory="+dir, "--bolt-address=127.0.0.1",
		fmt.Sprintf("-bolt-port=%d", p.port), fmt.Sprintf("--standin-admin-port=%d", p.admin))
	env := map[string]string{"MEMGRAPH_USER": "u", "MEMGRAPH_PASSWORD": "p"}
	go func() { p.ended <- run(ctx, args, func(name string) string { return env[name] }, t.Output()) }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return p
}

func (p *program) terminate() {
	p.t.Helper()
	p.stop()
	require.NoError(p.t, <-p.ended)
}

func (p *program) records(query string) []*neo4j.Record {
	p.t.Helper()
	ctx := context.Background()
	driver, err := neo4j.NewDriverWithContext(fmt.Sprintf("bolt://127.0.0.1:%d", p.port), neo4j.BasicAuth("u", "p", ""))
	require.NoError(p.t, err)
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	result, err := session.Run(ctx, query, nil)
	require.NoError(p.t, err)
	records, err := result.Collect(ctx)
	require.NoError(p.t, err)
	return records
}

// query returns the first column.
func (p *program) query(query string) []any {
	p.t.Helper()
	var values []any
	for _, record := range p.records(query) {
		values = append(values, record.Values[0])
	}
	return values
}

func TestProgramServesDriversAndKeepsItsData(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, "--storage_wal_enabled=true", "--log-level=TRACE", "--log-file", filepath.Join(dir, "log"), "--telemetry-enabled=false")
	require.Equal(t, []any{"main"}, p.query("SHOW REPLICATION ROLE"))
	p.query("CREATE (:P {id: 1})")
	p.terminate()
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	require.NoError(t, err)
	require.Contains(t, string(log), "ready")

	p = start(t, dir)
	require.Equal(t, []any{int64(1)}, p.query("MATCH (n:P) RETURN n.id"))
	p.terminate()
}

func TestProgramTakesFaultsOverHTTP(t *testing.T) {
	p := start(t, t.TempDir())
	p.query("CREATE (:P)")
	url := fmt.Sprintf("http://127.0.0.1:%d/faults", p.admin)
	request, err := http.NewRequest(http.MethodPut, url, strings.NewReader(`{"fsync": {"error": true}}`))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	http.DefaultClient.CloseIdleConnections()
	p.stop()
	require.ErrorContains(t, <-p.ended, "injected")
}

func TestProgramsReplicateOverTCP(t *testing.T) {
	main, replica := start(t, t.TempDir()), start(t, t.TempDir())
	port := freePort(t)
	main.query("UNWIND range(1, 50000) AS i CREATE (:P {id: i})")
	replica.query(fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", port))
	main.query(fmt.Sprintf("REGISTER REPLICA b ASYNC TO \"127.0.0.1:%d\"", port))
	require.Eventually(t, func() bool { return main.status() == "ready" }, 10*time.Second, 10*time.Millisecond)
	main.query("DROP REPLICA b")
	main.query(fmt.Sprintf("REGISTER REPLICA b STRICT_SYNC TO \"127.0.0.1:%d\"", port))
	main.query("CREATE (:P {id: 0})")
	require.Equal(t, []any{int64(50001)}, replica.query("MATCH (n:P) RETURN count(n)"))
	main.terminate()
	replica.query("SET REPLICATION ROLE TO MAIN")
	replica.query("CREATE (:P {id: -1})")
	replica.terminate()
}

// status is that of the only replica.
func (p *program) status() any {
	p.t.Helper()
	info := p.records("SHOW REPLICAS")[0].Values[4].(map[string]any)
	return info["memgraph"].(map[string]any)["status"]
}

func TestProgramRefusesADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	err := run(t.Context(), []string{"--data-directory", dir}, os.Getenv, &bytes.Buffer{})
	require.ErrorContains(t, err, dir+": in use by another process")
	p.terminate()
}

func TestProgramRefusesATakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	err = run(t.Context(), []string{"--data-directory", t.TempDir(), "--bolt-address=127.0.0.1", fmt.Sprintf("--bolt-port=%d", port)}, os.Getenv, &bytes.Buffer{})
	require.ErrorContains(t, err, fmt.Sprintf("bolt address 127.0.0.1:%d", port))
}

func TestProgramRefusesADamagedLog(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "wal"), 0o755))
	for _, name := range []string{"0000000000.wal", "0000000001.wal"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "wal", name), []byte("rubbish"), 0o644))
	}
	err := run(t.Context(), []string{"--data-directory", dir}, os.Getenv, &bytes.Buffer{})
	require.ErrorContains(t, err, "wal/0000000000.wal has no valid header")
}

func TestFlagsAreChecked(t *testing.T) {
	for args, want := range map[string]string{
		"--bolt-prot=1":                         "bolt-prot",
		"--bolt-port=many":                      "bolt-port",
		"--bolt-port=70000":                     "between 0 and 65535",
		"--log-level=LOUD":                      "--log-level=LOUD",
		"--storage-snapshot-interval-sec=-1":    "storage-snapshot-interval-sec",
		"--storage-wal-file-flush-every-n-tx=0": "at least 1",
		"start":                                 `unexpected argument "start"`,
	} {
		_, err := parse([]string{args}, &bytes.Buffer{})
		require.ErrorContains(t, err, want, args)
	}
	s, err := parse([]string{"--storage_snapshot_interval_sec=0", "-replication_replica_check_frequency_sec", "5"}, &bytes.Buffer{})
	require.NoError(t, err)
	require.Zero(t, s.config.StorageSnapshotInterval)
	require.Equal(t, 5*time.Second, s.config.ReplicationReplicaCheckFrequency)
}
