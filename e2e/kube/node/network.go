package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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

// CutOff drops every packet between the process's network and some addresses,
// in both directions, until heal is called.
func (p Process) CutOff(ctx context.Context, addresses []string) (heal func(context.Context) error, err error) {
	var done [][]string
	heal = func(ctx context.Context) error {
		var errs []error
		for _, rule := range done {
			_, err := p.iptables(ctx, append([]string{"--delete"}, rule...))
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	}
	for _, rule := range drops(addresses) {
		if _, err := p.iptables(ctx, append([]string{"--insert"}, rule...)); err != nil {
			return nil, errors.Join(fmt.Errorf("cut off process %d: %w", p.PID, err), heal(ctx))
		}
		done = append(done, rule)
	}
	return heal, nil
}

func (p Process) iptables(ctx context.Context, rule []string) (string, error) {
	return p.InNetwork(ctx, "iptables", append([]string{"--wait"}, rule...)...)
}

func drops(addresses []string) (rules [][]string) {
	for _, a := range addresses {
		rules = append(rules,
			[]string{"INPUT", "--source", a, "--jump", "DROP"},
			[]string{"OUTPUT", "--destination", a, "--jump", "DROP"})
	}
	return rules
}

// Dropped counts the packets that the rules of CutOff have dropped so far: 0
// means that they had no effect.
func (p Process) Dropped(ctx context.Context) (int, error) {
	n := 0
	for _, chain := range []string{"INPUT", "OUTPUT"} {
		list, err := p.iptables(ctx, []string{"--list", chain, "--verbose", "--numeric", "--exact"})
		if err != nil {
			return 0, fmt.Errorf("dropped packets: %w", err)
		}
		n += dropped(list)
	}
	return n, nil
}

// dropped reads a list of iptables, whose first column counts packets and whose
// third is the target.
func dropped(list string) int {
	n := 0
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "DROP" {
			continue
		}
		if packets, err := strconv.Atoi(fields[0]); err == nil {
			n += packets
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
