package node

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Established counts the connections to a port in the network of the process
// that are established, whoever made them. It is the kernel's own word.
func (p Process) Established(ctx context.Context, port int) (int, error) {
	n := 0
	for _, family := range []string{"net/tcp", "net/tcp6"} {
		table, err := p.file(ctx, family)
		if err != nil {
			return 0, fmt.Errorf("connections to port %d: %w", port, err)
		}
		n += established(table, port)
	}
	return n, nil
}

// established reads a table of /proc/net/tcp, whose second column is the local
// address and port and whose fourth is the state, all in hexadecimal.
func established(table string, port int) int {
	const open = "01"
	n, suffix := 0, fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 3 && strings.HasSuffix(fields[1], suffix) && fields[3] == open {
			n++
		}
	}
	return n
}

// Reaches tells whether a TCP connection from the process's network to an address
// opens within a time.
func (p Process) Reaches(ctx context.Context, host string, port int, within time.Duration) bool {
	seconds := fmt.Sprintf("%.1f", within.Seconds())
	_, err := p.InNetwork(ctx, "timeout", seconds, "bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/%s/%d", host, port))
	return err == nil
}
