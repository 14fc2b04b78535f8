// Package proc reads what processes have used, of all threads and children, from the
// kernel.
package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a process and its children have used since they began.
type Usage struct {
	// CPU is processor time in user and kernel mode. It comes from the clock of
	// the process, which the scheduler keeps in nanoseconds: utime and stime of
	// /proc/PID/stat are the same time in units of 10 ms.
	CPU time.Duration
	// Switches are context switches, of threads that live.
	Switches uint64
}

// Of returns the usage of a process and its children.
func Of(pid int) (sum Usage, err error) {
	tree, err := Tree(pid)
	if err != nil {
		return Usage{}, err
	}
	for _, p := range tree {
		cpu, err := clock(p)
		if err != nil {
			return Usage{}, fmt.Errorf("processor time of process %d: %w", p, err)
		}
		switches, err := switches(p)
		if err != nil {
			return Usage{}, fmt.Errorf("context switches of process %d: %w", p, err)
		}
		sum.CPU += cpu
		sum.Switches += switches
	}
	return sum, nil
}

// Since is what was used between two readings.
func (u Usage) Since(before Usage) Usage {
	return Usage{CPU: u.CPU - before.CPU, Switches: u.Switches - before.Switches}
}

// clock reads the processor time of a process with all threads, those that have
// ended too: clock_getcpuclockid(3) makes the clock's number this way.
func clock(pid int) (time.Duration, error) {
	const ofProcess, bySchedule = 0, 2
	var at unix.Timespec
	err := unix.ClockGettime(int32(^pid)<<3|ofProcess|bySchedule, &at)
	return time.Duration(at.Nano()), err
}

func switches(pid int) (sum uint64, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		status, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended meanwhile
		}
		if err != nil {
			return 0, err
		}
		for _, name := range []string{"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"} {
			n, err := field(string(status), name)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", file, err)
			}
			sum += n
		}
	}
	return sum, nil
}

// field reads a number from lines of the form "name: number unit".
func field(text, name string) (uint64, error) {
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if ok && key == name {
			number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			return strconv.ParseUint(number, 10, 64)
		}
	}
	return 0, fmt.Errorf("it has no %s", name)
}
