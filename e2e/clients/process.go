package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"memgraph-controller/e2e/python"
	"memgraph-controller/e2e/workload"
)

// ErrNoVenv says that this machine has no Python with the driver.
var ErrNoVenv = errors.New("no virtual environment with the Python driver: run `make venv`, or name one with PYTHON_VENV")

// startPython runs the Python client in a process of its own.
func startPython(ctx context.Context, c Config) (Client, error) {
	interpreter, err := Interpreter()
	if err != nil {
		return nil, fmt.Errorf("python client: %w", err)
	}
	cmd := exec.Command(interpreter, append([]string{"-u", "-"}, c.flags()...)...)
	cmd.Stdin = bytes.NewReader(python.Client)
	return startProcess(ctx, "python client", cmd)
}

// Interpreter finds the interpreter of the virtual environment with the driver: the one that
// PYTHON_VENV names, or the module's own. Where there is none it is ErrNoVenv.
func Interpreter() (string, error) {
	venv := os.Getenv("PYTHON_VENV")
	if venv == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		venv = filepath.Join(root, "out", "venv")
	}
	interpreter := filepath.Join(venv, "bin", "python")
	if _, err := os.Stat(interpreter); err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoVenv, err)
	}
	return interpreter, nil
}

// moduleRoot is the folder of go.mod above the one that tests run in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("go.mod above %s: %w", dir, fs.ErrNotExist)
		}
	}
}

// process is a client in a process of its own.
type process struct {
	*feed
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // of its end or its lines; set before ended is closed

	stop sync.Once
	last error // what Stop returns
}

func startProcess(ctx context.Context, name string, cmd *exec.Cmd) (*process, error) {
	p := &process{feed: newFeed(name, ""), cmd: cmd, ended: make(chan struct{})}
	cmd.Stderr = words{p.feed}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go p.watch(stdout)
	select {
	case <-p.begun:
		return p, nil
	case <-p.ended:
		return nil, errors.Join(p.feed.ended("it ended before it was at work"), p.err)
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		<-p.ended
		return nil, errors.Join(p.feed.ended("it was not at work in time"), context.Cause(ctx))
	}
}

// watch reads what the process tells until it ends.
func (p *process) watch(stdout io.Reader) {
	defer close(p.ended)
	broken := p.read(stdout)
	if broken != nil {
		_ = p.cmd.Process.Kill()
	}
	p.err = errors.Join(broken, p.cmd.Wait())
}

// stopWithin is how long a client may take to end after it was asked to, beyond
// the 15 s that it gives to what is under way.
const stopWithin = 45 * time.Second

// Stop asks the process to end and waits for it; it ends with ctx without mercy.
func (p *process) Stop(ctx context.Context) (workload.History, error) {
	p.stop.Do(func() { p.last = p.end(ctx) })
	return p.History(), p.last
}

func (p *process) end(ctx context.Context) error {
	select {
	case <-p.ended:
		return errors.Join(p.feed.ended("it ended by itself"), p.err)
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stopWithin, fmt.Errorf("it did not end within %s", stopWithin))
	defer cancel()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
		return errors.Join(p.feed.ended("it was killed"), context.Cause(ctx))
	}
	if p.err != nil || !p.decoder.Ended() {
		return errors.Join(p.feed.ended("it did not tell everything"), p.err)
	}
	return nil
}

// words is where a client speaks to people.
type words struct{ feed *feed }

// Write keeps the last lines.
func (w words) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		w.feed.say(line)
	}
	return len(text), nil
}
