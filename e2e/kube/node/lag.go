package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"memgraph-controller/clusters/command"
)

// lagPath is where the program that delays packets is on a node. It stands on the
// disk of the node, since kind mounts /tmp without the right to run programs.
const lagPath = "/var/chaos/lag"

// lagQueue is the number of the queue, which is that of the pod's network alone.
const lagQueue = "4"

// lagRule sends every packet that leaves a network into the queue; where nobody
// listens at it, it passes.
func lagRule(verb string) []string {
	return []string{"--wait", "--table", "mangle", verb, "OUTPUT", "!", "--out-interface", "lo", "--jump", "NFQUEUE", "--queue-num", lagQueue, "--queue-bypass"}
}

// Install puts the program that Delay needs on the node.
func (n Node) Install(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "lag-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built := filepath.Join(dir, "lag")
	build := command.New("go", "build", "-trimpath", "-o", built, "memgraph-controller/chaos/fault/lag")
	build.Env = []string{"CGO_ENABLED=0"}
	_, err = command.Exec{}.Run(ctx, build)
	if err == nil {
		_, err = n.Run(ctx, "mkdir", "-p", filepath.Dir(lagPath))
	}
	if err == nil {
		_, err = command.Exec{}.Run(ctx, command.New("docker", "cp", built, n.Name+":"+lagPath))
	}
	if err != nil {
		return fmt.Errorf("install lag on node %s: %w", n.Name, err)
	}
	return nil
}

// Delayed is a network whose packets leave it late.
type Delayed struct {
	process Process
	command *exec.Cmd
	input   io.WriteCloser
}

// Delay has every packet that leaves the process's network wait, until Undelay. The
// node needs Install before.
func (p Process) Delay(ctx context.Context, by time.Duration) (*Delayed, error) {
	lag := exec.CommandContext(context.WithoutCancel(ctx), "docker", "exec", "--interactive", "--privileged", p.Node.Name,
		"nsenter", "--target", strconv.Itoa(p.PID), "--net", "--", lagPath, "-queue", lagQueue, "-delay", by.String())
	input, err := lag.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := lag.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := lag.Start(); err != nil {
		return nil, err
	}
	d := &Delayed{p, lag, input}
	_, err = bufio.NewReader(output).ReadString('\n')
	if err == nil {
		_, err = p.InNetwork(ctx, "iptables", lagRule("--insert")...)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("delay packets on node %s: %w", p.Node.Name, err), d.Undelay(context.WithoutCancel(ctx)))
	}
	return d, nil
}

// Undelay lets packets pass again. The network may be gone meanwhile.
func (d *Delayed) Undelay(ctx context.Context) error {
	const remove = `pid=$1; shift; test ! -e /proc/$pid/ns/net || nsenter --target $pid --net iptables "$@"`
	args := append([]string{"-c", remove, "sh", strconv.Itoa(d.process.PID)}, lagRule("--delete")...)
	_, err := d.process.Node.Run(ctx, "sh", args...)
	err = errors.Join(err, d.input.Close())
	_ = d.command.Wait() // it may have ended with the network
	return err
}

// Queued is how many packets have been in the queue since it was opened, by the
// kernel's word, and whether somebody listens at it.
func (p Process) Queued(ctx context.Context) (packets int, listens bool, err error) {
	said, err := p.InNetwork(ctx, "cat", "/proc/self/net/netfilter/nfnetlink_queue")
	if err != nil {
		return 0, false, err
	}
	packets, listens = queued(said)
	return packets, listens, nil
}

// queued reads a line of numbers for each queue: its own number, the listener, how
// many wait, how they are copied, how many were dropped, twice, the last packet's.
func queued(table string) (packets int, listens bool) {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[0] != lagQueue {
			continue
		}
		n, err := strconv.Atoi(fields[7])
		return n, err == nil
	}
	return 0, false
}
