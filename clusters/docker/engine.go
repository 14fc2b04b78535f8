package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/host"
)

type commands interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
	Start(c command.Command, log string) (pid int, err error)
}

type progress interface {
	Step(format string, args ...any)
}

// Engine is the Docker engine of a machine.
type Engine struct {
	Host     *host.Host
	Run      commands
	Progress progress
	// Runtime makes the program of package runtime and returns its path. It is
	// asked for only where the machine withholds CAP_SYS_RESOURCE.
	Runtime func(ctx context.Context) (string, error)
}

// Ensure returns when an engine answers, and raises the limits of the kernel that
// clusters need.
func (e *Engine) Ensure(ctx context.Context) error {
	version, err := e.version(ctx)
	if err != nil {
		if version, err = e.provide(ctx, err); err != nil {
			return err
		}
	}
	e.Progress.Step("docker engine %s", version)
	e.Host.RaiseLimits()
	return nil
}

// version asks the engine.
func (e *Engine) version(ctx context.Context) (string, error) {
	out, err := e.Run.Run(ctx, command.New("docker", "version", "--format", "{{.Server.Version}}"))
	return strings.TrimSpace(out), err
}

// provide installs and starts an engine for the reason why none answered.
func (e *Engine) provide(ctx context.Context, reason error) (version string, err error) {
	if err := e.beyondUs(reason); err != nil {
		return "", err
	}
	if !e.Host.Has("dockerd") {
		if err := e.install(ctx); err != nil {
			return "", err
		}
	}
	if e.Host.UID != 0 {
		return "", errors.New("no Docker engine is running: start it (for example: sudo systemctl start docker)")
	}
	return e.start(ctx)
}

// beyondUs returns an error for an engine that is there and that neither a
// package nor a start would make answer.
func (e *Engine) beyondUs(reason error) error {
	if address := e.Host.Getenv("DOCKER_HOST"); address != "" {
		return fmt.Errorf("the Docker engine at DOCKER_HOST=%s does not answer: start it, or unset DOCKER_HOST to use this machine's own: %w", address, reason)
	}
	if strings.Contains(reason.Error(), "permission denied") {
		return fmt.Errorf("the Docker engine refuses this user: add the user to the group docker (sudo usermod -aG docker $USER, then log in again): %w", reason)
	}
	return nil
}

func (e *Engine) install(ctx context.Context) error {
	if err := e.Host.MayInstall(); err != nil {
		return fmt.Errorf("no Docker engine is running, and none is installed: install one (https://docs.docker.com/engine/install); %w", err)
	}
	if err := e.Host.Install(ctx, "docker.io", "containerd", "runc", "iptables"); err != nil {
		return err
	}
	// From Debian 13 on, the client is a package of its own.
	return e.Host.Need(ctx, map[string]string{"docker": "docker-cli"})
}
