package standin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	standin "memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/pipenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a machine in memory that runs instances mg1, mg2, mg3, like the one
// that the transcripts were recorded on: one address, a port for each.
type lab struct {
	t       *testing.T
	net     pipenet.Network
	random  io.Reader
	nodes   map[string]*node
	version string
	stop    []func()
}

type node struct {
	name   string
	disk   *disk.Memory
	config standin.Config
	*standin.Instance
}

// inLab runs a test in virtual time.
func inLab(t *testing.T, test func(l *lab)) {
	inVersion(t, "3.6", test)
}

func inVersion(t *testing.T, version string, test func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, random: rand.NewChaCha8([32]byte{1}), nodes: map[string]*node{}, version: version}
		defer func() {
			for _, stop := range l.stop {
				stop()
			}
			for _, n := range l.nodes {
				if n.Instance != nil {
					n.Kill()
				}
			}
		}()
		test(l)
	})
}

// start starts instances that are new or were stopped.
func (l *lab) start(names ...string) {
	l.t.Helper()
	for _, name := range names {
		l.startWith(name, func(*standin.Config) {})
	}
}

func (l *lab) startWith(name string, change func(*standin.Config)) {
	l.t.Helper()
	require.NoError(l.t, l.tryStart(name, change))
	l.ok(name, "RETURN 1") // as the recorder's probe did; it takes a timestamp
}

func (l *lab) tryStart(name string, change func(*standin.Config)) error {
	n := l.nodes[name]
	if n == nil {
		n = &node{name: name, disk: &disk.Memory{}}
		l.nodes[name] = n
	}
	config := standin.Defaults()
	config.Name, config.Disk, config.Random, config.Version = name, n.disk, l.random, l.version
	config.StorageSnapshotOnExit = false
	config.StorageSnapshotInterval = 0
	config.Dial = l.net.Dial
	config.Listen = func(ctx context.Context, network, address string) (net.Listener, error) {
		return l.net.Listen(ctx, network, strings.Replace(address, "0.0.0.0", "127.0.0.1", 1))
	}
	if os.Getenv("STANDIN_LOG") != "" {
		config.Log = slog.New(slog.NewTextHandler(l.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	change(&config)
	n.config = config
	instance, err := standin.Start(l.t.Context(), config)
	n.Instance = instance
	return err
}

func (l *lab) kill(names ...string) {
	for _, name := range names {
		l.nodes[name].Kill()
	}
}

// restart is kill -9 and a start on the same disk.
func (l *lab) restart(name string) {
	l.t.Helper()
	l.kill(name)
	l.start(name)
}

// wipe is kill -9 and a start on an empty disk.
func (l *lab) wipe(name string) {
	l.t.Helper()
	l.kill(name)
	l.nodes[name].disk = &disk.Memory{}
	l.start(name)
}

func (l *lab) freeze(name string, frozen bool) {
	l.nodes[name].Faults().Set(standin.FaultSet{Freeze: frozen})
}

// settle lets heartbeats find out what there is to find out.
func (l *lab) settle() {
	time.Sleep(2500 * time.Millisecond)
	synctest.Wait()
}

// result is what a client got.
type result struct {
	fields []string
	rows   [][]any
	meta   map[string]any
	err    error
	took   time.Duration
}

// run runs one autocommit query on a session of its own.
func (l *lab) run(name, query string) result {
	s := l.nodes[name].Backend().NewSession(nil)
	defer s.Close()
	return on(s, query)
}

func on(s bolt.Session, query string) (r result) {
	begun := time.Now()
	defer func() { r.took = time.Since(begun) }()
	ctx := context.Background()
	rows, err := s.Run(ctx, query, nil, bolt.TxOptions{})
	if err != nil {
		return result{err: err}
	}
	r.fields = rows.Fields()
	for {
		row, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.err = err
			return r
		}
		r.rows = append(r.rows, row)
	}
	r.meta, r.err = rows.Finish(ctx)
	return r
}

// background runs a query that will take its time.
func (l *lab) background(name, query string) <-chan result {
	done := make(chan result, 1)
	go func() { done <- l.run(name, query) }()
	synctest.Wait()
	return done
}

// ok runs queries that must succeed.
func (l *lab) ok(name string, queries ...string) result {
	l.t.Helper()
	var r result
	for _, query := range queries {
		r = l.run(name, query)
		require.NoError(l.t, r.err, "%s> %s", name, query)
	}
	return r
}

// fails runs a query that must fail with the given code and text.
func (l *lab) fails(name, query, code, message string) result {
	l.t.Helper()
	r := l.run(name, query)
	requireFailure(l.t, r.err, code, message, name+"> "+query)
	return r
}

const (
	clientError    = "Memgraph.ClientError.MemgraphError.MemgraphError"
	transientError = "Memgraph.TransientError.MemgraphError.MemgraphError"

	syncFailed   = "At least one SYNC replica has not confirmed committing last transaction."
	strictFailed = "At least one STRICT_SYNC replica has not confirmed committing last transaction. Transaction will be aborted on all instances."
)

func requireFailure(t *testing.T, err error, code, message string, about ...any) {
	t.Helper()
	failure, ok := errors.AsType[*bolt.Failure](err)
	if !ok {
		require.EqualError(t, err, message, about...)
		return
	}
	require.Equal(t, code, failure.Code, about...)
	require.Equal(t, message, failure.Message, about...)
}

// replicas is SHOW REPLICAS in short: "b sync ready 0 14" (status, behind, ts),
// "c async {}".
func (l *lab) replicas(name string) []string {
	l.t.Helper()
	var lines []string
	for _, row := range l.ok(name, "SHOW REPLICAS").rows {
		line := fmt.Sprintf("%v %v ", row[0], row[2])
		if info, ok := row[4].(map[string]any)["memgraph"].(map[string]any); ok {
			line += fmt.Sprintf("%v %v %v", info["status"], info["behind"], info["ts"])
		} else {
			line += "{}"
		}
		lines = append(lines, line)
	}
	return lines
}

func (l *lab) showsReplicas(name string, lines ...string) {
	l.t.Helper()
	require.Equal(l.t, lines, l.replicas(name))
}

// ids is MATCH (n) RETURN n.id AS id ORDER BY id.
func (l *lab) ids(name string) []int64 {
	l.t.Helper()
	ids := []int64{}
	for _, row := range l.ok(name, "MATCH (n) RETURN n.id AS id ORDER BY id").rows {
		ids = append(ids, row[0].(int64))
	}
	return ids
}

func (l *lab) holds(name string, ids ...int64) {
	l.t.Helper()
	if len(ids) == 0 {
		ids = []int64{}
	}
	require.Equal(l.t, ids, l.ids(name))
}

func (l *lab) role(name string) string {
	l.t.Helper()
	return l.ok(name, "SHOW REPLICATION ROLE").rows[0][0].(string)
}

func create(id int) string { return fmt.Sprintf("CREATE (:P {id: %d})", id) }

func toReplica(port int) string {
	return fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", port)
}

const toMain = "SET REPLICATION ROLE TO MAIN"

// register is REGISTER REPLICA of mg1 as a, mg2 as b, mg3 as c.
func register(name, mode string) string {
	port := 10001 + int(name[0]-'a')
	return fmt.Sprintf("REGISTER REPLICA %s %s TO \"127.0.0.1:%d\"", name, mode, port)
}

// cluster makes mg1 the main of mg2 (as b) and mg3 (as c), with these modes; ""
// leaves one out.
func (l *lab) cluster(b, c string) {
	l.t.Helper()
	l.start("mg1", "mg2", "mg3")
	if b != "" {
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", b))
	}
	if c != "" {
		l.ok("mg3", toReplica(10003))
		l.ok("mg1", register("c", c))
	}
}

// session opens a session that the lab closes.
func (l *lab) session(name string) bolt.Session {
	s := l.nodes[name].Backend().NewSession(nil)
	l.stop = append(l.stop, s.Close)
	return s
}

// begin opens a session with an explicit transaction.
func (l *lab) begin(name string) bolt.Session {
	l.t.Helper()
	s := l.session(name)
	require.NoError(l.t, s.Begin(l.t.Context(), bolt.TxOptions{}))
	return s
}

// delay slows the replication messages of an instance.
func (l *lab) delay(name string, d time.Duration) {
	l.nodes[name].Faults().Set(standin.FaultSet{Replication: standin.ReplicationFaults{Delay: standin.Duration(d)}})
}

func contextFor(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}
