package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait of the suite; it is far above what is ever needed.
const patience = 20 * time.Second

// pause is between two looks at something that is waited for.
const pause = 10 * time.Millisecond

// instance is one database: a data directory, two ports, and a process while it
// is started.
type instance struct {
	t           *testing.T
	name        string
	bolt        int
	replication int
	data        string
	flags       []string
	process     *exec.Cmd
	exited      chan struct{}
	driver      neo4j.DriverWithContext
}

func newInstance(t *testing.T, name string, flags ...string) *instance {
	t.Helper()
	i := &instance{
		t: t, name: name, flags: flags,
		bolt: freePort(t), replication: freePort(t),
		data: filepath.Join(t.TempDir(), "data"),
	}
	i.driver = i.open(neo4j.NoAuth())
	t.Cleanup(func() {
		if i.process != nil {
			i.kill()
		}
		if t.Failed() {
			i.showLog()
		}
	})
	return i
}

// open returns a driver for i that closes with the test.
func (i *instance) open(auth neo4j.AuthToken) neo4j.DriverWithContext {
	driver, err := neo4j.NewDriverWithContext(fmt.Sprintf("bolt://127.0.0.1:%d", i.bolt), auth, func(c *config.Config) {
		c.ConnectionLivenessCheckTimeout = 0 // its process may have been another one
		c.TelemetryDisabled = true
	})
	require.NoError(i.t, err)
	i.t.Cleanup(func() { _ = driver.Close(i.t.Context()) })
	return driver
}

// address is what a main is told to register.
func (i *instance) address() string { return fmt.Sprintf("127.0.0.1:%d", i.replication) }

// arguments are those of Memgraph; the stand-in has the same names.
func (i *instance) arguments() []string {
	arguments := []string{
		"--bolt-address=127.0.0.1",
		fmt.Sprintf("--bolt-port=%d", i.bolt),
		"--data-directory=" + i.data,
		"--storage-wal-enabled=true",
		"--storage-snapshot-on-exit=false",
	}
	if _, real := program(); real {
		arguments = append(arguments,
			"--telemetry-enabled=false", "--log-level=WARNING", "--also-log-to-stderr", "--log-file=",
			fmt.Sprintf("--monitoring-port=%d", freePort(i.t)), fmt.Sprintf("--metrics-port=%d", freePort(i.t)))
	}
	return append(arguments, i.flags...)
}

// start starts the process, with more flags if there are any, and waits until
// it answers.
func (i *instance) start(flags ...string) {
	i.t.Helper()
	i.launch(flags...)
	i.t.Logf("%s started with pid %d", i.name, i.process.Process.Pid)
	require.Eventually(i.t, func() bool {
		_, err := i.try("SHOW REPLICATION ROLE")
		return err == nil || i.gone()
	}, 3*patience, 5*time.Millisecond, "%s does not answer", i.name)
	require.False(i.t, i.gone(), "%s ended when it was started", i.name)
}

// launch starts the process and does not wait.
func (i *instance) launch(flags ...string) {
	i.t.Helper()
	log, err := os.OpenFile(i.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(i.t, err)
	defer log.Close()
	path, _ := program()
	i.process = exec.Command(path, append(i.arguments(), flags...)...)
	i.process.Stdout, i.process.Stderr = log, log
	i.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(i.t, i.process.Start())
	i.exited = make(chan struct{})
	go func(process *exec.Cmd, exited chan struct{}) {
		_ = process.Wait()
		close(exited)
	}(i.process, i.exited)
}

// gone tells whether the process has ended by itself.
func (i *instance) gone() bool {
	select {
	case <-i.exited:
		return true
	default:
		return false
	}
}

// kill is kill -9.
func (i *instance) kill() {
	i.t.Helper()
	i.signal(syscall.SIGKILL)
	<-i.exited
	i.process = nil
}

// terminate is SIGTERM, and waits for the end.
func (i *instance) terminate() {
	i.t.Helper()
	i.signal(syscall.SIGTERM)
	select {
	case <-i.exited:
	case <-time.After(patience):
		require.Fail(i.t, "SIGTERM did not end it", i.name)
	}
	i.process = nil
}

func (i *instance) stop() { i.signal(syscall.SIGSTOP) }
func (i *instance) cont() { i.signal(syscall.SIGCONT) }

func (i *instance) signal(s syscall.Signal) {
	i.t.Helper()
	i.t.Logf("%s to %s", s, i.name)
	_ = i.process.Process.Signal(s) // it may have ended by itself
}

// restart kills it and starts it again.
func (i *instance) restart(flags ...string) {
	i.t.Helper()
	i.kill()
	i.start(flags...)
}

// wipe kills it and starts it again without its data.
func (i *instance) wipe() {
	i.t.Helper()
	i.kill()
	require.NoError(i.t, os.RemoveAll(i.data))
	i.start()
}

func (i *instance) log() string { return i.data + ".log" }

// showLog shows the end of what the process said.
func (i *instance) showLog() {
	text, err := os.ReadFile(i.log())
	if err != nil {
		return
	}
	lines := strings.Split(string(text), "\n")
	i.t.Logf("log of %s:\n%s", i.name, strings.Join(lines[max(0, len(lines)-40):], "\n"))
}
