package node

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Cost is what a process has used.
type Cost struct {
	CPU    time.Duration // since its start, in steps of 10 ms
	Memory int64         // bytes that are resident now, its program included
}

// Cost asks the kernel, which needs neither a metrics server nor a certain
// version of cgroups.
func (p Process) Cost(ctx context.Context) (Cost, error) {
	stat, err := p.file(ctx, "stat")
	if err != nil {
		return Cost{}, fmt.Errorf("cost of process %d: %w", p.PID, err)
	}
	status, err := p.file(ctx, "status")
	if err != nil {
		return Cost{}, fmt.Errorf("cost of process %d: %w", p.PID, err)
	}
	cpu, err := cpuTime(stat)
	if err != nil {
		return Cost{}, err
	}
	memory, err := resident(status)
	return Cost{cpu, memory}, err
}

// tick is the unit in which procfs tells CPU time to programs: 1/100 s on every
// architecture that Linux runs on today.
const tick = 10 * time.Millisecond

// cpuTime reads /proc/PID/stat. The name of the program, in brackets, may hold
// anything; user and system time are the 12th and 13th field after it.
func cpuTime(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("no times in %q", stat)
	}
	var sum time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("no times in %q: %w", stat, err)
		}
		sum += time.Duration(ticks) * tick
	}
	return sum, nil
}

// resident reads the resident memory in /proc/PID/status, which is in kB.
func resident(status string) (int64, error) {
	for line := range strings.Lines(status) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "VmRSS:" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("no resident memory in %q", status)
}
