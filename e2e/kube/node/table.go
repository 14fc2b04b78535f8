package node

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Packets says which packets a table drops: those that come in, those that go out,
// or both, to and from some peers, or all but those of the loopback interface.
type Packets struct {
	In, Out bool
	// Peers are whom they come from or go to; none: anybody.
	Peers []Peer
	// Percent of the packets, by chance; 0 or 100: all of them.
	Percent int
	// Forwarded: those that pass through the node are meant, not the node's own
	// alone. Interface is the one that leads out of the node.
	Forwarded bool
	Interface string
}

// Peer is the other side of a packet.
type Peer struct {
	Addresses []string // none: every one
	Ports     []int    // TCP ports of the peer; none: every packet
}

// table is the name of the one table that this package makes in a network. It is
// its own, so that what Kubernetes puts into other tables, and takes out of them,
// does not matter.
const table = "chaos"

// Drop drops packets in a network until Restore.
func (p Process) Drop(ctx context.Context, packets Packets) error {
	_, err := p.InNetwork(ctx, "nft", packets.script())
	return err
}

// Restore removes what Drop made, in a network that may be gone meanwhile.
func (p Process) Restore(ctx context.Context) error {
	_, err := p.Node.Run(ctx, "sh", "-c", `test ! -e /proc/$1/ns/net || nsenter --target $1 --net nft "add table ip `+table+`; delete table ip `+table+`"`,
		"sh", strconv.Itoa(p.PID))
	return err
}

// Counted is how many packets Drop has dropped so far, and whether it is still at
// work. It is the kernel's own word.
func (p Process) Counted(ctx context.Context) (dropped int, atWork bool, err error) {
	said, err := p.Node.Run(ctx, "sh", "-c", `test ! -e /proc/$1/ns/net || nsenter --target $1 --net nft list ruleset ip`, "sh", strconv.Itoa(p.PID))
	if err != nil {
		return 0, false, err
	}
	dropped, atWork = counted(said)
	return dropped, atWork, nil
}

// counted adds up the counters of the table in a list of all of them.
func counted(ruleset string) (packets int, there bool) {
	inside := false
	for line := range strings.Lines(ruleset) {
		if strings.HasPrefix(line, "table ") {
			inside = strings.HasPrefix(line, "table ip "+table+" ")
			there = there || inside
		}
		fields := strings.Fields(line)
		for i := range fields {
			if inside && fields[i] == "packets" && i+1 < len(fields) {
				n, err := strconv.Atoi(fields[i+1])
				if err == nil {
					packets += n
				}
			}
		}
	}
	return packets, there
}

// script is the table in nft's language. It stands before every other table: what
// is dropped is not even tracked as a connection.
func (p Packets) script() string {
	var chains []string
	chain := func(name, hook, side, port, edge string) {
		rules := ""
		for _, peer := range p.peers() {
			rules += " " + p.match(peer, side, port, edge) + " counter drop;"
		}
		chains = append(chains, fmt.Sprintf("chain %s { type filter hook %s priority -300;%s };", name, hook, rules))
	}
	if p.In {
		chain("arriving", p.hook("input", "prerouting"), "saddr", "sport", "iifname")
	}
	if p.Out {
		chain("leaving", p.hook("output", "postrouting"), "daddr", "dport", "oifname")
	}
	return "add table ip " + table + "; delete table ip " + table + "; table ip " + table + " { " + strings.Join(chains, " ") + " }"
}

func (p Packets) hook(own, all string) string {
	if p.Forwarded {
		return all
	}
	return own
}

// peers has one at least.
func (p Packets) peers() []Peer {
	if len(p.Peers) == 0 {
		return []Peer{{}}
	}
	return p.Peers
}

// match is the condition of one direction.
func (p Packets) match(peer Peer, side, port, edge string) string {
	conditions := []string{edge + ` != "lo"`}
	if p.Interface != "" {
		conditions = []string{fmt.Sprintf("%s %q", edge, p.Interface)}
	}
	if len(peer.Addresses) > 0 {
		conditions = append(conditions, fmt.Sprintf("ip %s { %s }", side, strings.Join(peer.Addresses, ", ")))
	}
	if len(peer.Ports) > 0 {
		var numbers []string
		for _, n := range peer.Ports {
			numbers = append(numbers, strconv.Itoa(n))
		}
		conditions = append(conditions, fmt.Sprintf("tcp %s { %s }", port, strings.Join(numbers, ", ")))
	}
	if p.Percent > 0 && p.Percent < 100 {
		conditions = append(conditions, fmt.Sprintf("numgen random mod 100 < %d", p.Percent))
	}
	return strings.Join(conditions, " ")
}
