// Package command runs the programs that bring a cluster up: apt-get, go,
// docker. Its users declare the few methods of Exec that they need, so that
// their tests can answer in its place.
package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Command is one program to run.
type Command struct {
	Name string
	Args []string
	// Dir is the folder to run in; empty: this process's own.
	Dir string
	// Env is added to this process's environment.
	Env []string
	// Stdin is what it reads; nil: nothing.
	Stdin io.Reader
}

// New returns a command without any of the options.
func New(name string, args ...string) Command {
	return Command{Name: name, Args: args}
}

// String is the command as one would type it.
func (c Command) String() string {
	return strings.Join(append([]string{c.Name}, c.Args...), " ")
}

// Exec runs commands on this machine. It has no state and may be used
// concurrently.
type Exec struct{}

// Run returns what the command printed on stdout. The error of one that fails
// holds the last lines of its stderr; exec.ErrNotFound where there is no such
// program.
func (Exec) Run(ctx context.Context, c Command) (string, error) {
	cmd := prepare(ctx, c)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), failure(c, err, stderr.String())
	}
	return stdout.String(), nil
}

// Start starts the command in a session of its own, so that it outlives this
// process, with its output appended to the file at log. It returns the process
// id and does not wait.
func (Exec) Start(c Command, log string) (pid int, err error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return 0, fmt.Errorf("log of %s: %w", c.Name, err)
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fmt.Errorf("log of %s: %w", c.Name, err)
	}
	defer file.Close()
	cmd := prepare(context.Background(), c)
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return cmd.Process.Pid, nil
}

func prepare(ctx context.Context, c Command) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Name, c.Args...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = append(os.Environ(), c.Env...)
	return cmd
}

// failure is err with what the program said last.
func failure(c Command, err error, stderr string) error {
	if said := LastLines(stderr, 15); said != "" {
		return fmt.Errorf("%s: %w:\n%s", c, err, said)
	}
	return fmt.Errorf("%s: %w", c, err)
}

// LastLines returns the last n lines of text, without empty ones around them.
func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
