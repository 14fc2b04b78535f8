package cost

import (
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"memgraph-controller/bench/record"
)

// Machine describes this one, as far as a reader of the results wants to know.
func Machine(threads int, pinned bool) *record.Machine {
	return &record.Machine{
		Kernel: kernel(), Processor: processor(), CPUs: runtime.NumCPU(), Threads: threads, Pinned: pinned,
		Versions: map[string]string{
			"go":      runtime.Version(),
			"haproxy": firstLine("haproxy", "-v"),
			"nginx":   firstLine("nginx", "-v"),
		},
	}
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(name.Release[:])
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// firstLine is the first line that a program says of its version.
func firstLine(program, flag string) string {
	said, err := exec.Command(program, flag).CombinedOutput()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(said), "\n")
	return strings.TrimPrefix(line, program+" version: ")
}
