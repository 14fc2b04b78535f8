package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"memgraph-controller/clusters/command"
)

// Install installs Debian packages without what they only recommend. Services
// among them are not started: whoever asked starts them with the options that
// this machine needs.
func (h *Host) Install(ctx context.Context, packages ...string) error {
	h.Progress.Step("apt-get install %s", strings.Join(packages, " "))
	restore, err := h.denyServiceStarts()
	if err != nil {
		return err
	}
	defer restore()
	// A source that cannot be reached must not keep others from serving what is
	// needed: update's failure is told only where install fails too.
	_, stale := h.Run.Run(ctx, apt("update", "-q"))
	args := append([]string{"install", "-qy", "--no-install-recommends"}, packages...)
	if _, err := h.Run.Run(ctx, apt(args...)); err != nil {
		return errors.Join(fmt.Errorf("install %s: %w", strings.Join(packages, ", "), err), stale)
	}
	return nil
}

// apt waits for a package manager that is at work already, such as one that a
// fresh machine runs at boot.
func apt(args ...string) command.Command {
	c := command.New("apt-get", append([]string{"-o", "DPkg::Lock::Timeout=120"}, args...)...)
	c.Env = []string{"DEBIAN_FRONTEND=noninteractive"}
	return c
}

// denyServiceStarts has maintainer scripts start no service until restore is
// called (policy-rc.d(8)). A policy that is there already stays as it is.
func (h *Host) denyServiceStarts() (restore func(), err error) {
	const deny = "#!/bin/sh\nexit 101\n"
	path := h.Path("/usr/sbin/policy-rc.d")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keep services from starting: %w", err)
	}
	_, err = file.WriteString(deny)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("keep services from starting: %w", err)
	}
	return func() { _ = os.Remove(path) }, nil
}
