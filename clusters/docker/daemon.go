package docker

import (
	"context"
	"fmt"
	"os"
	"time"

	"memgraph-controller/clusters/command"
)

const (
	logFile = "/var/log/memgraph-controller/dockerd.log"
	// runtimeName is what the daemon calls the runtime of package runtime.
	runtimeName = "runc-without-sys-resource"
	// startTime bounds the wait for a daemon that starts: it takes less than a
	// second on an idle machine, and some more to find old containers again.
	startTime = 60 * time.Second
	poll      = 200 * time.Millisecond
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
	e.Progress.Step("the engine goes on running afterwards; kill %d ends it", pid)
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
