package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory returns the bytes that a process and its children have in memory, where a
// page that several processes share counts in parts (PSS). Buffers of sockets are
// the kernel's and are not in it, whoever the proxy is.
func Memory(pid int) (sum uint64, err error) {
	tree, err := Tree(pid)
	if err != nil {
		return 0, err
	}
	for _, p := range tree {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			return 0, fmt.Errorf("memory of process %d: %w", p, err)
		}
		kilobytes, err := field(string(rollup), "Pss")
		if err != nil {
			return 0, fmt.Errorf("memory of process %d: %w", p, err)
		}
		sum += kilobytes << 10
	}
	return sum, nil
}

// Tree returns a process and all that descend from it.
func Tree(pid int) ([]int, error) {
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", tree[i], tree[i]))
		if err != nil {
			return nil, fmt.Errorf("children of process %d: %w", tree[i], err)
		}
		for _, child := range strings.Fields(string(children)) {
			id, err := strconv.Atoi(child)
			if err != nil {
				return nil, fmt.Errorf("children of process %d: %w", tree[i], err)
			}
			tree = append(tree, id)
		}
	}
	return tree, nil
}
