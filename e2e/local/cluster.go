package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Cluster is a running `memgraph-controller local`.
type Cluster struct {
	t    testing.TB
	args []string
	dir  string
	cmd  *exec.Cmd
	log  *os.File

	Write, Read string
	API         api.Client
}

// Programs are the paths of what is under test.
type Programs struct{ Controller, Database string }

// Build compiles the programs into dir.
func Build(dir string) (Programs, error) {
	build := exec.Command("go", "build", "-o", dir, "memgraph-controller", "memgraph-controller/clusters/standin/cmd/memgraph-standin")
	if out, err := build.CombinedOutput(); err != nil {
		return Programs{}, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	p := Programs{filepath.Join(dir, "memgraph-controller"), filepath.Join(dir, "memgraph-standin")}
	if real := os.Getenv("MEMGRAPH"); real != "" {
		p.Database = real
	}
	return p, nil
}

// Start runs a cluster of three in a directory of its own, with extra arguments,
// and waits until it is whole. It ends with the test.
func Start(t testing.TB, p Programs, extra ...string) *Cluster {
	t.Helper()
	base := freePorts(t, 9)
	address := func(n int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(base+n)) }
	c := &Cluster{t: t, dir: t.TempDir(), Write: address(0), Read: address(1), API: api.Client{Base: "http://" + address(2)}}
	c.args = append([]string{
		p.Controller, "local", "--memgraph", p.Database, "--data-dir", filepath.Join(c.dir, "data"),
		"--write", c.Write, "--read", c.Read, "--http", address(2),
		"--bolt-port", strconv.Itoa(base + 3), "--replication-port", strconv.Itoa(base + 6),
	}, extra...)
	c.Run()
	t.Cleanup(c.Stop)
	c.Whole()
	return c
}

// Run starts the program again after Stop or Crash.
func (c *Cluster) Run() {
	c.t.Helper()
	log, err := os.OpenFile(filepath.Join(c.dir, "controller.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(c.t, err)
	c.log = log
	c.cmd = exec.Command(c.args[0], c.args[1:]...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	require.NoError(c.t, c.cmd.Start())
}

// Stop ends the program as Ctrl-C does and checks that it leaves no process.
func (c *Cluster) Stop() {
	if c.cmd == nil {
		return
	}
	if c.t.Failed() {
		c.t.Logf("log of the controller:\n%s", c.tail(60))
		c.keepLog()
	}
	_ = c.cmd.Process.Signal(os.Interrupt)
	err := c.cmd.Wait()
	c.cmd = nil
	_ = c.log.Close()
	if err != nil {
		c.t.Errorf("the controller did not end cleanly: %v\n%s", err, c.tail(20))
	}
	if left := c.processes(); len(left) > 0 {
		c.t.Errorf("processes are left after Ctrl-C: %v", left)
	}
}

// keepLog copies the controller's whole log to the reports, where there are any.
func (c *Cluster) keepLog() {
	dir := os.Getenv("REPORT_DIR")
	if dir == "" {
		return
	}
	path := filepath.Join(dir, strings.ReplaceAll(c.t.Name(), "/", "-")+".log")
	if err := os.WriteFile(path, []byte(c.tail(1<<30)), 0o600); err != nil {
		c.t.Logf("the log was not kept: %v", err)
	}
}

// Crash ends the program with SIGKILL. Its instances die with it.
func (c *Cluster) Crash() {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Process.Kill())
	_ = c.cmd.Wait()
	_ = c.log.Close()
	c.Eventually("no process is left", 5*time.Second, func() bool { return len(c.processes()) == 0 })
}

// processes lists the processes that name the cluster's directory.
func (c *Cluster) processes() []string {
	var list []string
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		line, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(line), filepath.Join(c.dir, "data")+string(filepath.Separator)) {
			list = append(list, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return list
}

func (c *Cluster) tail(lines int) string {
	text, err := os.ReadFile(filepath.Join(c.dir, "controller.log"))
	if errors.Is(err, fs.ErrNotExist) {
		return "(none)"
	}
	all := strings.Split(string(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Status asks the program.
func (c *Cluster) Status() (api.Status, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return c.API.Status(ctx)
}

// Metrics returns what GET /metrics says.
func (c *Cluster) Metrics() string {
	c.t.Helper()
	response, err := http.Get(c.API.Base + "/metrics")
	require.NoError(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return string(text)
}

// Until waits until the status is as wanted, and returns it.
func (c *Cluster) Until(what string, within time.Duration, wanted func(api.Status) bool) api.Status {
	c.t.Helper()
	var last api.Status
	c.Eventually(what, within, func() bool {
		status, err := c.Status()
		last = status
		return err == nil && wanted(status)
	})
	return last
}

// Eventually waits for a condition.
func (c *Cluster) Eventually(what string, within time.Duration, wanted func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(within); !wanted(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			status, err := c.Status()
			c.t.Fatalf("not within %s: %s\nstatus (%v): %s\nlog:\n%s", within, what, err, describe(status), c.tail(40))
		}
	}
}

func describe(s api.Status) string {
	text := fmt.Sprintf("epoch %d main %q voter %q heir %q gate %s plan %s: %s", s.Epoch, s.Record.Main, s.Record.Voter,
		s.Record.Heir, s.Record.Gate, s.Record.Plan, s.Routing.Decision.Reason)
	for _, i := range s.Instances {
		text += fmt.Sprintf("\n  %s %s %s %s behind %d clean %v", i.Name, i.Health, i.Role, i.Status, i.Behind, i.Clean)
	}
	return text
}

// wholeWithin bounds the time to heal completely: restarts, a refresh, a reseed.
const wholeWithin = 30 * time.Second

// Whole waits until the cluster has healed: a main and a voter, all instances
// registered, in sync and with clean histories, nobody quarantined, and both
// replicas serve reads.
func (c *Cluster) Whole() api.Status {
	c.t.Helper()
	return c.Until("the cluster is whole", wholeWithin, whole)
}

func whole(s api.Status) bool {
	r := s.Record
	if r.Gate != topology.GateOpen || r.Main == "" || r.Voter == "" || len(s.Gateways) == 0 || s.Gateways[0].Applied != r.Epoch {
		return false
	}
	for _, i := range s.Instances {
		synced := i.Status == topology.StatusReady || i.Status == topology.StatusReplicating
		if i.Health != topology.HealthUp || !i.Clean || i.Quarantined != nil || i.Name != r.Main && !(synced && i.InReadPool) {
			return false
		}
	}
	return len(s.Instances) == 3
}

// Signal sends a signal to an instance's process, as nobody else would.
func (c *Cluster) Signal(name string, signal syscall.Signal) {
	c.t.Helper()
	status, err := c.Status()
	require.NoError(c.t, err)
	for _, i := range status.Instances {
		if i.Name == name {
			pid, err := strconv.Atoi(i.PID)
			require.NoError(c.t, err, "pid of %s", name)
			require.NoError(c.t, syscall.Kill(pid, signal))
			return
		}
	}
	c.t.Fatalf("there is no instance %q", name)
}

// Bolt is the address of one instance, past the gateways.
func (c *Cluster) Bolt(name string) string {
	c.t.Helper()
	status, err := c.Status()
	require.NoError(c.t, err)
	for _, i := range status.Instances {
		if i.Name == name {
			return i.Bolt
		}
	}
	c.t.Fatalf("there is no instance %q", name)
	return ""
}

// freePorts finds n ports in a row that nobody uses, outside the range from
// which the kernel takes ports for outgoing connections. It begins somewhere
// else in each process, because packages are tested side by side.
func freePorts(t testing.TB, n int) int {
	t.Helper()
	for base := 20000 + os.Getpid()%500*20; base < 32000; base += n {
		if free(base, n) {
			return base
		}
	}
	t.Fatal("no free ports in a row below 32000")
	return 0
}

func free(base, n int) bool {
	for port := base; port < base+n; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}
