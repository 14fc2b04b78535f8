package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"memgraph-controller/clusters/command"
)

const (
	pidFile = "/run/memgraph-controller/dockerd.pid"
	logFile = "/var/log/memgraph-controller/dockerd.log"
	// runtimeName is what the daemon calls the runtime of package runtime.
	runtimeName = "runc-without-sys-resource"
	// startTime bounds the wait for a daemon that starts: it takes less than a
	// second on an idle machine, and some more to find old containers again.
	startTime = 60 * time.Second
	// stopTime is what the daemon takes to end its containers, which it gives 10 s.
	stopTime = 30 * time.Second
	poll     = 200 * time.Millisecond
)

// start starts the daemon and returns the version that answers.
func (e *Engine) start(ctx context.Context) (version string, err error) {
	if _, err := os.Stat(e.Host.Path("/run/systemd/system")); err == nil {
		e.Progress.Step("start docker with systemd")
		if _, err := e.Run.Run(ctx, command.New("systemctl", "start", "docker")); err != nil {
			return "", fmt.Errorf("start docker: %w", err)
		}
		return e.answer(ctx)
	}
	daemon, err := e.daemon(ctx)
	if err != nil {
		return "", err
	}
	e.Progress.Step("start %s, log in %s", daemon, logFile)
	pid, err := e.Run.Start(daemon, e.Host.Path(logFile))
	if err != nil {
		return "", err
	}
	if err := e.remember(pid); err != nil {
		return "", err
	}
	return e.answer(ctx)
}

// daemon is the daemon's command line on this machine. For want of
// CAP_SYS_RESOURCE no privileged container would start under plain runc.
func (e *Engine) daemon(ctx context.Context) (command.Command, error) {
	daemon := command.New("dockerd")
	daemon.Dir = "/" // it outlives whatever folder this runs in
	withheld, err := e.Host.WithholdsSysResource()
	if err != nil || !withheld {
		return daemon, err
	}
	path, err := e.Runtime(ctx)
	if err != nil {
		return daemon, err
	}
	daemon.Args = []string{"--add-runtime", runtimeName + "=" + path, "--default-runtime", runtimeName}
	return daemon, nil
}

// remember writes down which process Stop may end.
func (e *Engine) remember(pid int) error {
	path := e.Host.Path(pidFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("remember the Docker daemon: %w", err)
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(pid)), 0o644); err != nil {
		return fmt.Errorf("remember the Docker daemon: %w", err)
	}
	return nil
}

// answer waits until the engine answers.
func (e *Engine) answer(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if version, err = e.version(ctx); err == nil {
			return version, nil
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return "", fmt.Errorf("the Docker engine was started and does not answer: %w%s", err, e.lastWords())
		}
	}
}

// lastWords is the end of the daemon's log, on lines of its own.
func (e *Engine) lastWords() string {
	log, err := os.ReadFile(e.Host.Path(logFile))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("\n%s ends with:\n%s", logFile, command.LastLines(string(log), 10))
}

// Stop ends the daemon that Ensure started, and with it all its containers. It
// leaves any other engine alone.
func (e *Engine) Stop(ctx context.Context) error {
	text, err := os.ReadFile(e.Host.Path(pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		e.Progress.Step("no Docker engine was started by this program: nothing to stop")
		return nil
	}
	if err != nil {
		return fmt.Errorf("stop the Docker engine: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("stop the Docker engine: %s: %w", pidFile, err)
	}
	if err := e.end(ctx, pid); err != nil {
		return err
	}
	e.Progress.Step("docker engine stopped")
	return os.Remove(e.Host.Path(pidFile))
}

// end asks the process to end, and waits for it. After a restart of the machine
// the number may be that of something else, which is left alone.
func (e *Engine) end(ctx context.Context, pid int) error {
	if !e.runs(pid) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the Docker engine, process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	for e.runs(pid) {
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return fmt.Errorf("the Docker engine, process %d, does not end: %w", pid, context.Cause(ctx))
		}
	}
	return nil
}

func (e *Engine) runs(pid int) bool {
	name, err := os.ReadFile(e.Host.Path(fmt.Sprintf("/proc/%d/comm", pid)))
	return err == nil && strings.TrimSpace(string(name)) == "dockerd"
}
