// Package usage reads what containers and the machine spend, from the kernel and not from
// whoever is measured: CPU time and throttling of a container's cgroup, and how much of
// the machine was idle.
package usage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"memgraph-controller/e2e/kube/node"
)

// Spent is what a container has spent since it began.
type Spent struct {
	At   time.Duration // by the clock of the machine, since its start
	CPU  time.Duration
	Held time.Duration // how long it was held back by its limit, added up over processors
}

// script tells the clock and the counters of a process's cgroup, in version 1 or 2.
const script = `cat /proc/uptime
path() { grep -m1 "$1" /proc/$pid/cgroup | cut -d: -f3-; }
pid=$1
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	cat "/sys/fs/cgroup$(path '^0::')/cpu.stat"
else
	echo usage "$(cat "/sys/fs/cgroup/cpuacct$(path '[:,]cpuacct[:,]')/cpuacct.usage")"
	cat "/sys/fs/cgroup/cpu$(path '[:,]cpu[:,]')/cpu.stat"
fi`

// Of asks the kernel of a process's node.
func Of(ctx context.Context, p node.Process) (Spent, error) {
	said, err := p.Node.Run(ctx, "sh", "-c", script, "sh", strconv.Itoa(p.PID))
	if err == nil {
		var s Spent
		if s, err = read(said); err == nil {
			return s, nil
		}
	}
	return Spent{}, fmt.Errorf("CPU time of process %d on node %s: %w", p.PID, p.Node.Name, err)
}

// read takes the counters out of the script's output. Version 1 counts in ns, version 2
// in us.
func read(said string) (Spent, error) {
	clock, counters, _ := strings.Cut(said, "\n")
	up, _, _ := strings.Cut(clock, " ")
	seconds, err := strconv.ParseFloat(up, 64)
	if err != nil {
		return Spent{}, fmt.Errorf("no clock in %q", clock)
	}
	s, found := Spent{At: time.Duration(seconds * float64(time.Second))}, false
	for line := range strings.Lines(counters) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return Spent{}, fmt.Errorf("no number in %q", line)
		}
		switch name {
		case "usage":
			s.CPU, found = time.Duration(n), true
		case "usage_usec":
			s.CPU, found = time.Duration(n)*time.Microsecond, true
		case "throttled_time":
			s.Held = time.Duration(n)
		case "throttled_usec":
			s.Held = time.Duration(n) * time.Microsecond
		}
	}
	if !found {
		return Spent{}, fmt.Errorf("no CPU time in %q", counters)
	}
	return s, nil
}

// Rate is how much of a core was used between two readings.
func Rate(before, after Spent) (float64, error) {
	lasted := after.At - before.At
	if lasted <= 0 || after.CPU < before.CPU {
		return 0, fmt.Errorf("the container began anew: it had used %s at %s and %s at %s", before.CPU, before.At, after.CPU, after.At)
	}
	return (after.CPU - before.CPU).Seconds() / lasted.Seconds(), nil
}
