package conformance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs is the site where instances are processes of this machine.
type programs struct {
	path   string
	real   bool
	folder string // what the stand-in is built in
}

// newPrograms takes the program at path, or builds the stand-in.
func newPrograms(path string) (*programs, error) {
	if path != "" {
		return &programs{path: path, real: true}, nil
	}
	folder, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	p := &programs{path: filepath.Join(folder, "memgraph-standin"), folder: folder}
	build := exec.Command("go", "build", "-o", p.path, "memgraph-controller/clusters/standin/cmd/memgraph-standin")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the stand-in: %w\n%s", err, out)
	}
	return p, watch("../../clusters/standin")
}

// watch looks at every file in folder.
func watch(folder string) error {
	return filepath.WalkDir(folder, func(_ string, _ fs.DirEntry, err error) error { return err })
}

func (p *programs) String() string {
	if p.real {
		return "the program " + p.path
	}
	return "the stand-in"
}

func (p *programs) lacks(n need) string {
	if n == containers {
		return "it needs containers (MEMGRAPH_IMAGE)"
	}
	return ""
}

func (p *programs) close() error { return os.RemoveAll(p.folder) }

func (p *programs) place(t *testing.T, _ string) place {
	t.Helper()
	return &process{
		programs: p, data: filepath.Join(t.TempDir(), "data"),
		bolts: freePort(t), replicates: freePort(t), monitors: freePort(t), measures: freePort(t),
	}
}

// process is the place of a process: a data directory and some ports.
type process struct {
	*programs
	data                                  string
	bolts, replicates, monitors, measures int
	running                               *os.Process
}

func (p *process) bolt() string               { return fmt.Sprintf("127.0.0.1:%d", p.bolts) }
func (p *process) boltPort() int              { return p.bolts }
func (p *process) replication() (string, int) { return "127.0.0.1", p.replicates }

func (p *process) launch(flags ...string) (*life, error) {
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(p.path, append(p.arguments(), flags...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	l, err := live(command)
	p.running = command.Process
	return l, err
}

// arguments are what a process needs besides the usual flags.
func (p *process) arguments() []string {
	arguments := []string{
		"--bolt-address=127.0.0.1", fmt.Sprintf("--bolt-port=%d", p.bolts), "--data-directory=" + p.data,
	}
	if p.real {
		arguments = append(arguments,
			fmt.Sprintf("--monitoring-port=%d", p.monitors), fmt.Sprintf("--metrics-port=%d", p.measures))
	}
	return arguments
}

func (p *process) signal(s syscall.Signal) error { return p.running.Signal(s) }
func (p *process) wipe() error                   { return os.RemoveAll(p.data) }

func (p *process) twin(t *testing.T) place {
	t.Helper()
	twin := p.place(t, "").(*process)
	twin.data = p.data
	return twin
}

func (p *process) logFile() string { return fmt.Sprintf("%s.%d.log", p.data, p.bolts) }

func (p *process) log() string { return lastLines(p.logFile()) }

// lastLines is the end of a file, empty where there is none.
func lastLines(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// freePort counts through ports below those that the kernel gives to clients,
// so that no connection of another process takes one between two uses.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10000 + int(nextPort.Add(1))%20000
		if free(port) {
			return port
		}
	}
	require.Fail(t, "no port is free")
	return 0
}
