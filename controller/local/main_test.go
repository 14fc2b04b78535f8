package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// part is the environment variable by which this test binary, started once more,
// plays another program: a database, or a controller that runs databases.
const part = "LOCAL_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "database", "memgraph":
		playDatabase(os.Args[1:])
	case "controller":
		playController(os.Args[1:])
	default:
		goleak.VerifyTestMain(m)
	}
}

// birth is what a played database writes down about each of its starts.
type birth struct {
	PID  int
	Args []string
}

// playDatabase takes the command line of a database, writes a line about its
// start, marks its data and waits for its end. Flags that begin with --play make
// it misbehave.
func playDatabase(args []string) {
	given := map[string]string{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		given[name] = value
	}
	if _, help := given["--help"]; help {
		if os.Getenv(part) == "memgraph" {
			fmt.Println("  -monitoring_port (Port for the log server) type: int32\n  -metrics_port (Port) type: int32")
		}
		os.Exit(1)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	data := given["--data-directory"]
	must(os.MkdirAll(data, 0o755))
	if _, err := os.Stat(filepath.Join(data, "mark")); err != nil {
		must(os.WriteFile(filepath.Join(data, "mark"), []byte(strconv.Itoa(os.Getpid())), 0o644))
	}
	line, err := json.Marshal(birth{PID: os.Getpid(), Args: args})
	must(err)
	births, err := os.OpenFile(filepath.Join(data, "..", "births"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	must(err)
	_, err = births.Write(append(line, '\n'))
	must(err)
	if code, fails := given["--play-exit"]; fails {
		status, err := strconv.Atoi(code)
		must(err)
		fmt.Fprintln(os.Stderr, "starting")
		fmt.Fprintln(os.Stderr, "no more room for nodes")
		os.Exit(status)
	}
	<-terminated
	if _, stubborn := given["--play-stubborn"]; stubborn {
		select {}
	}
	must(os.WriteFile(filepath.Join(data, "..", "mercy"), nil, 0o644))
}

// playController runs the instances of a config and says so.
func playController(args []string) {
	var config Config
	must(json.Unmarshal([]byte(args[0]), &config))
	must(os.Setenv(part, "database"))
	_, err := OpenFleet(context.Background(), config, slog.New(slog.DiscardHandler))
	must(err)
	fmt.Println("ready")
	select {}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// journal is a log that a test can read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Writer(j), nil))
}

// quick is a config of this test binary as the database, with free ports and
// short delays.
func quick(t *testing.T) Config {
	t.Helper()
	t.Setenv(part, "database")
	binary, err := os.Executable()
	require.NoError(t, err)
	config := Defaults()
	config.Dir, config.Binary = t.TempDir(), binary
	base := freeRange(t, 4*config.Instances)
	config.BoltPort, config.ReplicationPort = base, base+config.Instances
	config.MonitoringPort, config.MetricsPort = base+2*config.Instances, base+3*config.Instances
	config.RestartDelay, config.MaxRestartDelay = 20*time.Millisecond, 200*time.Millisecond
	config.Grace = 20 * time.Second
	return config
}

// freeRange finds so many free ports in a row, below those that the system gives
// to outgoing connections.
func freeRange(t *testing.T, count int) int {
	t.Helper()
	for base := 20000 + os.Getpid()%8000; base < 32000; base += count {
		free := 0
		for ; free < count; free++ {
			listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(base+free)))
			if err != nil {
				break
			}
			require.NoError(t, listener.Close())
		}
		if free == count {
			return base
		}
	}
	require.Fail(t, "no free ports")
	return 0
}

// open starts a fleet that is closed when the test ends.
func open(t *testing.T, config Config) (*Fleet, *journal) {
	t.Helper()
	log := &journal{}
	fleet, err := OpenFleet(t.Context(), config, log.logger())
	require.NoError(t, err)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		fleet.Close(ended)
	})
	return fleet, log
}

// births waits until an instance has been started so many times and is ready for
// signals, and returns what it wrote about each start.
func births(t *testing.T, config Config, name string, count int) []birth {
	t.Helper()
	var all []birth
	eventually(t, func() bool {
		content, _ := os.ReadFile(filepath.Join(config.Dir, name, "births"))
		all = nil
		for line := range strings.Lines(string(content)) {
			var b birth
			if json.Unmarshal([]byte(line), &b) != nil {
				return false
			}
			all = append(all, b)
		}
		return len(all) >= count
	})
	require.Len(t, all, count)
	return all
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 5*time.Millisecond)
}

// runs tells whether a process lives: one that nobody has waited for does not.
func runs(pid int) bool { return processState(pid) != "" && processState(pid) != "Z" }

// processState is the letter that /proc has for the state of a process.
func processState(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[:1]
}
