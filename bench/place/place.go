// Package place says on which processors a process runs, and how many files it may
// have open.
//
// Proxies have a processor of their own, the others share the next one. Left to
// themselves three processes on two processors move between them, and what a round
// trip costs then depends on who was where.
package place

import (
	"fmt"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// CPUs are processors by their numbers; none stand for all.
type CPUs []int

// Start starts a process that stays on its processors.
func (c CPUs) Start(cmd *exec.Cmd) error {
	if len(c) == 0 {
		return cmd.Start()
	}
	// A child inherits the processors of the thread that makes it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, wanted unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("processors of this thread: %w", err)
	}
	for _, cpu := range c {
		wanted.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &wanted); err != nil {
		return fmt.Errorf("run on processors %v: %w", c, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	return cmd.Start()
}

// Plan says where proxies with so many threads run, and where everybody else does.
// A proxy of one thread has a processor of its own if there are two.
func Plan(threads int) (proxies, others CPUs) {
	var mine unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mine); err != nil || threads != 1 {
		return nil, nil
	}
	var allowed CPUs
	for cpu := 0; len(allowed) < 2 && cpu < len(mine)*64; cpu++ {
		if mine.IsSet(cpu) {
			allowed = append(allowed, cpu)
		}
	}
	if len(allowed) < 2 {
		return nil, nil
	}
	return allowed[1:], allowed[:1]
}

// Files lets this process, and those that it starts, have n files open, or as many as
// it may. It returns how many these are.
func Files(n uint64) (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	wanted := unix.Rlimit{Cur: max(n, limit.Cur), Max: max(n, limit.Max)}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &wanted) == nil {
		return wanted.Cur, nil
	}
	limit.Cur = limit.Max // who is not allowed more may have this
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	return limit.Cur, nil
}
