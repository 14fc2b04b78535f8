package cost

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/proc"
)

const (
	// attaches is how long strace may take until it sees a process.
	attaches = 5 * time.Second
	// straced is how long system calls are counted. strace slows them down, which
	// changes no count where one query is on its way at a time.
	straced = 500 * time.Millisecond
)

// syscalls counts the system calls of a round trip over one connection.
func syscalls(c crowd.Remote, through contender.Running) (values, error) {
	if err := c.Open(through.Address(), 1); err != nil {
		return nil, err
	}
	if _, err := c.Exchange(1, warmUp); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var times crowd.Times
	calls, err := counted(through.PID(), filepath.Join(dir, "calls"), func() (err error) {
		times, err = c.Exchange(1, straced)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("strace: %w", err)
	}
	return values{Calls: float64(calls) / float64(times.N)}, c.Close()
}

// counted has strace count the system calls of a process, its children and all
// threads while an action lasts.
func counted(pid int, file string, action func() error) (calls uint64, err error) {
	tree, err := proc.Tree(pid)
	if err != nil {
		return 0, err
	}
	args := []string{"-f", "-c", "-o", file}
	for _, p := range tree {
		args = append(args, "-p", strconv.Itoa(p))
	}
	detach, err := attach(exec.Command("strace", args...), len(tree))
	if err != nil {
		return 0, err
	}
	acted := action()
	detach()
	if acted != nil {
		return 0, acted
	}
	summary, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return totalCalls(string(summary))
}

// attach starts strace and waits until it sees all processes: it says a line of each.
func attach(cmd *exec.Cmd, processes int) (detach func(), err error) {
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	limit := time.AfterFunc(attaches, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	lines := bufio.NewScanner(said)
	for range processes {
		if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
			_ = cmd.Process.Kill()
			return nil, fmt.Errorf("it says %q: %w", lines.Text(), cmd.Wait())
		}
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // which it ends by
		for lines.Scan() {
		}
		_ = cmd.Wait()
	}, nil
}

// totalCalls reads the last line of a summary: percent, seconds, microseconds a call,
// calls, and errors where there are some.
func totalCalls(summary string) (uint64, error) {
	for line := range strings.Lines(summary) {
		if fields := strings.Fields(line); len(fields) >= 5 && fields[len(fields)-1] == "total" {
			return strconv.ParseUint(fields[3], 10, 64)
		}
	}
	return 0, fmt.Errorf("its summary has no total: %q", summary)
}
