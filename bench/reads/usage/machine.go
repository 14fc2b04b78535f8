package usage

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Machine is what all processors have done since the start of the machine, in ticks.
type Machine struct {
	Idle, All int64
}

// Here asks the kernel of this machine.
func Here() (Machine, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Machine{}, err
	}
	return readMachine(string(text))
}

// readMachine reads the first line of /proc/stat: user, nice, system, idle, iowait, irq,
// softirq and steal. What guests use, after them, is part of user and nice already. A
// processor that waits for a disk has nothing to do.
func readMachine(stat string) (m Machine, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return m, fmt.Errorf("no times of all processors in %q", line)
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return m, fmt.Errorf("no times of all processors in %q: %w", line, err)
		}
		m.All += n
		if i == 3 || i == 4 {
			m.Idle += n
		}
	}
	return m, nil
}

// IdleSince is the share of all processors that was idle since an earlier reading, 0 to 1.
func (m Machine) IdleSince(before Machine) float64 {
	if m.All <= before.All {
		return 0
	}
	return float64(m.Idle-before.Idle) / float64(m.All-before.All)
}
