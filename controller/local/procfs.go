package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Everything here only serves error messages and the search for processes that
// an earlier run left behind: what /proc does not show (another user's process,
// a hidden one) is simply not known.

// listenerOf names the process that listens on a TCP port, as well as it can be
// told.
func listenerOf(port int) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if inode, ok := listening(line, port); ok {
				return holderOf("socket:[" + inode + "]")
			}
		}
	}
	return "an unknown process"
}

// listening reads one line of /proc/net/tcp: slot, local address, remote
// address, state (0A is LISTEN), four columns, user, time-out, inode.
func listening(line string, port int) (inode string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 || fields[3] != "0A" {
		return "", false
	}
	return fields[9], strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port))
}

// holderOf names the process that has a file open, by the target of the link in
// its fd directory.
func holderOf(target string) string {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if found, err := os.Readlink(link); err == nil && found == target {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			return describe(pid)
		}
	}
	return "a process of another user"
}

// userOf finds a process that was started on a data directory: one that another
// controller started and could not end. 0 when there is none.
func userOf(data string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if slices.Contains(strings.Split(string(content), "\x00"), "--data-directory="+data) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			return pid
		}
	}
	return 0
}

// describe names a process by its id and the name of its program.
func describe(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("process %d (%s)", pid, strings.TrimSpace(string(name)))
}
