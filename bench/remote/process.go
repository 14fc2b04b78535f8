package remote

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"time"

	"memgraph-controller/bench/place"
)

// callLimit is how long one command may take; the longest are a few seconds.
const callLimit = time.Minute

// Process is a running process that follows commands. One caller at a time.
type Process struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
}

// Start runs a program in its place and calls it by a name in errors.
func Start(name string, cmd *exec.Cmd, where place.CPUs) (*Process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := where.Start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &Process{name: name, cmd: cmd, in: in, out: bufio.NewScanner(out)}, nil
}

// PID is its process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Call has it do something and puts what that results in into value. A process that
// takes longer than callLimit is killed.
func (p *Process) Call(do string, args, value any) error {
	limit := time.AfterFunc(callLimit, func() { _ = p.cmd.Process.Kill() })
	defer limit.Stop()
	if err := call(p.in, p.out, do, args, value); err != nil {
		return fmt.Errorf("%s: %s: %w", p.name, do, err)
	}
	return nil
}

// Do is a Call without a result.
func (p *Process) Do(do string, args any) error { return p.Call(do, args, &Nothing{}) }

// Stop ends it and waits for that.
func (p *Process) Stop() {
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
