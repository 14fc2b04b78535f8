// Package host changes the machine that clusters run on, where that is allowed:
// it installs Debian packages and raises limits of the kernel.
//
// It installs only as root on Debian or Ubuntu, and only where CI=true or
// DOCKER_INSTALL=1 says that the machine may be changed. Everywhere else it says
// what a person has to install.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/clusters/command"
)

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

type progress interface {
	Step(format string, args ...any)
}

// Host is a machine.
type Host struct {
	// Root is where its file system begins: "/" but for tests.
	Root string
	// UID is the user who asks.
	UID int
	// Getenv reads a variable of the environment.
	Getenv func(string) string
	// LookPath finds a program, as exec.LookPath does.
	LookPath func(string) (string, error)
	Run      runner
	Progress progress
}

// This returns the machine that this process runs on.
func This(run runner, log progress) *Host {
	return &Host{Root: "/", UID: os.Getuid(), Getenv: os.Getenv, LookPath: exec.LookPath, Run: run, Progress: log}
}

// Path is where a file of the machine is found.
func (h *Host) Path(path string) string { return filepath.Join(h.Root, path) }

// Has tells whether a program can be found.
func (h *Host) Has(program string) bool {
	_, err := h.LookPath(program)
	return err == nil
}

// MayInstall returns why packages may not be installed here, in words that say
// what to do about it; nil where they may.
func (h *Host) MayInstall() error {
	switch {
	case !h.debian():
		return errors.New("packages are installed on Debian and Ubuntu only")
	case h.Getenv("CI") != "true" && h.Getenv("DOCKER_INSTALL") != "1":
		return errors.New("set DOCKER_INSTALL=1 to have missing packages installed by apt-get")
	case h.UID != 0:
		return errors.New("packages can be installed by root only")
	}
	return nil
}

// debian tells whether apt-get is at home here.
func (h *Host) debian() bool {
	release, err := os.ReadFile(h.Path("/etc/os-release"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(release)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		families := strings.Fields(strings.Trim(value, `"`))
		if slices.Contains(families, "debian") || slices.Contains(families, "ubuntu") {
			return true
		}
	}
	return false
}

// Need makes sure that programs can be found, by installing the packages that
// hold them. The keys are programs, the values packages.
func (h *Host) Need(ctx context.Context, programs map[string]string) error {
	var missing, packages []string
	for program, name := range programs {
		if !h.Has(program) {
			missing, packages = append(missing, program), append(packages, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	slices.Sort(packages)
	packages = slices.Compact(packages)
	if err := h.MayInstall(); err != nil {
		return fmt.Errorf("%s not found: install the package %s; %w",
			strings.Join(missing, ", "), strings.Join(packages, ", "), err)
	}
	return h.Install(ctx, packages...)
}
