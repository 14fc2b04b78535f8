package node

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATableDropsWhatItIsAskedTo(t *testing.T) {
	const begin = "add table ip chaos; delete table ip chaos; table ip chaos { "
	for name, c := range map[string]struct {
		packets Packets
		want    string
	}{
		"one peer, both ways": {Packets{In: true, Out: true, Peers: []Peer{{Addresses: []string{"10.244.1.2", "10.244.1.3"}}}},
			`chain arriving { type filter hook input priority -300; iifname != "lo" ip saddr { 10.244.1.2, 10.244.1.3 } counter drop; }; ` +
				`chain leaving { type filter hook output priority -300; oifname != "lo" ip daddr { 10.244.1.2, 10.244.1.3 } counter drop; };`},
		"everybody, one way": {Packets{Out: true}, `chain leaving { type filter hook output priority -300; oifname != "lo" counter drop; };`},
		"a share, of one port": {Packets{In: true, Percent: 30, Peers: []Peer{{[]string{"10.96.0.1"}, []int{443}}}},
			`chain arriving { type filter hook input priority -300; iifname != "lo" ip saddr { 10.96.0.1 } tcp sport { 443 } numgen random mod 100 < 30 counter drop; };`},
		"a node": {Packets{In: true, Forwarded: true, Interface: "eth0"},
			`chain arriving { type filter hook prerouting priority -300; iifname "eth0" counter drop; };`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, begin+c.want+" }", c.packets.script()) })
	}
}

func TestOnlyPacketsOfTheOwnTableCount(t *testing.T) {
	packets, there := counted(`table ip filter {
	chain INPUT { counter packets 900 bytes 54000 accept }
}
table ip chaos {
	chain arriving {
		type filter hook input priority -300; policy accept;
		ip saddr { 10.244.1.2 } counter packets 12 bytes 720 drop
		ip saddr { 10.96.0.1 } counter packets 7 bytes 420 drop
	}
}
`)
	require.True(t, there)
	require.Equal(t, 19, packets)
	_, there = counted("table ip nat {\n}\n")
	require.False(t, there)
}

func TestASandboxIsFoundAmongThoseThatRun(t *testing.T) {
	const said = "aaa\nbbb\nTASK    PID     STATUS\nccc    1    RUNNING\naaa    2    STOPPED\nbbb    3    RUNNING\n"
	pid, err := sandboxPID(said)
	require.NoError(t, err)
	require.Equal(t, 3, pid)
	_, err = sandboxPID("aaa\nTASK    PID     STATUS\naaa    2    STOPPED\n")
	require.Error(t, err)
}

func TestTheStateIsReadBehindAName(t *testing.T) {
	require.Equal(t, "T", state("12 (a ) b) T 1 12"))
	require.Empty(t, state(""))
}

func TestPacketsOfTheQueueAreCounted(t *testing.T) {
	packets, listens := queued("    0  14000     0 1     0     0     0        3  1\n    4  14095     2 1     0     0     0       10  1\n")
	require.True(t, listens)
	require.Equal(t, 10, packets)
	_, listens = queued("")
	require.False(t, listens)
}
