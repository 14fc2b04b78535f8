package netfilter_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/nodeimage/podnet/netfilter"
	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

// kernel answers for the tools, and remembers what they were asked.
type kernel struct {
	saved  string // what iptables-save prints
	sets   string // what ipset list -name prints
	inputs map[string]string
	ran    []string
	fail   string // the command that fails
}

func (k *kernel) run(_ context.Context, stdin, name string, args ...string) (string, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	k.ran = append(k.ran, line)
	if stdin != "" {
		k.inputs[name] = stdin
	}
	switch {
	case line == k.fail:
		return "", errors.New("table is locked")
	case name == "iptables-save":
		return k.saved, nil
	case line == "ipset list -name":
		return k.sets, nil
	}
	return "", nil
}

func newKernel() *kernel { return &kernel{inputs: map[string]string{}} }

func peer(text string) policy.Peer { return policy.Peer{Range: netip.MustParsePrefix(text)} }

func database(direction policy.Direction, allowed ...policy.Allowance) []policy.Guard {
	return []policy.Guard{{Pod: netip.MustParseAddr("10.0.1.1"), Direction: direction, Allowed: allowed}}
}

// enforce returns the rules that the guards became.
func enforce(t *testing.T, k *kernel, guards []policy.Guard) string {
	t.Helper()
	changed, err := netfilter.New(k.run).Enforce(t.Context(), guards)
	require.NoError(t, err)
	require.True(t, changed)
	return k.inputs["iptables-restore"]
}

func TestAGuardDropsAllButWhatIsAllowed(t *testing.T) {
	k := newKernel()
	rules := enforce(t, k, database(policy.Ingress,
		policy.Allowance{Peers: []policy.Peer{peer("10.0.2.2/32")}, Protocol: "tcp", First: 7687, Last: 7688},
		policy.Allowance{Peers: []policy.Peer{}},
		policy.Allowance{Protocol: "udp"}))
	name := regexp.MustCompile(`PODNET-IN-(\w+)`).FindString(rules)
	set := strings.Fields(k.inputs["ipset"])[1]
	require.Equal(t, strings.NewReplacer("CHAIN", name, "SET", set).Replace(`*mangle
:PODNET-POLICY - [0:0]
:CHAIN - [0:0]
-A FORWARD -j PODNET-POLICY
-A PODNET-POLICY -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A PODNET-POLICY -d 10.0.1.1/32 ! -s 10.0.1.1/32 -j CHAIN
-A CHAIN -m set --match-set SET src -p tcp -m tcp --dport 7687:7688 -j RETURN
-A CHAIN -p udp -j RETURN
-A CHAIN -j DROP
COMMIT
`), rules)
}

func TestOutwardsThePodIsTheSource(t *testing.T) {
	rules := enforce(t, newKernel(), database(policy.Egress, policy.Allowance{Peers: []policy.Peer{peer("10.0.2.2/32")}}))
	require.Contains(t, rules, "-A PODNET-POLICY -s 10.0.1.1/32 ! -d 10.0.1.1/32 -j PODNET-OUT-")
	require.Regexp(t, `--match-set PODNET-\w+ dst -j RETURN`, rules)
}

func TestPeersBecomeOneSetForAllWhoShareThem(t *testing.T) {
	k := newKernel()
	everywhere := policy.Allowance{Peers: []policy.Peer{peer("0.0.0.0/0"), {Range: netip.MustParsePrefix("10.0.0.0/8"), Except: true}}}
	second := database(policy.Ingress, everywhere)
	second[0].Pod = netip.MustParseAddr("10.0.1.2")
	enforce(t, k, append(database(policy.Ingress, everywhere), second...))
	require.Contains(t, k.ran, "ipset restore -exist")
	sets := k.inputs["ipset"]
	require.Equal(t, 1, strings.Count(sets, "create "), sets)
	for _, member := range []string{" 0.0.0.0/1\n", " 128.0.0.0/1\n", " 10.0.0.0/8 nomatch\n"} {
		require.Contains(t, sets, member)
	}
}

func TestWhatIsNoLongerNeededGoes(t *testing.T) {
	k := newKernel()
	k.saved = "*mangle\n:FORWARD ACCEPT [1:2]\n:PODNET-POLICY - [0:0]\n:PODNET-IN-old - [0:0]\n:OTHER - [0:0]\n" +
		"-A FORWARD -j PODNET-POLICY\n-A PODNET-POLICY -d 10.0.1.9/32 -j PODNET-IN-old\nCOMMIT\n"
	k.sets = "PODNET-old\nKUBE-CLUSTER-IP\n"
	rules := enforce(t, k, nil)
	require.Equal(t, "*mangle\n:PODNET-POLICY - [0:0]\n:PODNET-IN-old - [0:0]\n"+
		"-A PODNET-POLICY -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n-X PODNET-IN-old\nCOMMIT\n", rules)
	require.Contains(t, k.ran, "ipset destroy PODNET-old")
	require.NotContains(t, k.ran, "ipset destroy KUBE-CLUSTER-IP")
}

func TestTheSameGuardsAreEnforcedOnce(t *testing.T) {
	k := newKernel()
	firewall := netfilter.New(k.run)
	_, err := firewall.Enforce(t.Context(), database(policy.Ingress))
	require.NoError(t, err)
	commands := len(k.ran)
	changed, err := firewall.Enforce(t.Context(), database(policy.Ingress))
	require.NoError(t, err)
	require.False(t, changed)
	require.Len(t, k.ran, commands)
}

func TestAfterAnErrorTheGuardsAreEnforcedAgain(t *testing.T) {
	for _, command := range []string{
		"ipset restore -exist", "iptables-save -t mangle", "iptables-restore -w 5 --noflush", "ipset list -name", "ipset destroy PODNET-old",
	} {
		t.Run(command, func(t *testing.T) {
			k := newKernel()
			k.fail, k.sets = command, "PODNET-old\n"
			firewall := netfilter.New(k.run)
			_, err := firewall.Enforce(t.Context(), nil)
			require.ErrorContains(t, err, "table is locked")
			k.fail = ""
			changed, err := firewall.Enforce(t.Context(), nil)
			require.NoError(t, err)
			require.True(t, changed)
		})
	}
}

func TestAfterAnErrorEvenTheOldGuardsAreEnforcedAgain(t *testing.T) {
	k := newKernel()
	firewall := netfilter.New(k.run)
	_, err := firewall.Enforce(t.Context(), nil)
	require.NoError(t, err)
	k.fail = "ipset list -name" // when the new rules are in force already
	_, err = firewall.Enforce(t.Context(), database(policy.Ingress))
	require.Error(t, err)
	k.fail = ""
	changed, err := firewall.Enforce(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, changed)
}

func TestMasqueradingSparesWhatStaysAmongPods(t *testing.T) {
	k := newKernel()
	pods := netip.MustParsePrefix("10.244.0.0/16")
	require.NoError(t, netfilter.Masquerade(t.Context(), k.run, pods))
	require.Equal(t, `*nat
:PODNET-MASQUERADE - [0:0]
-A POSTROUTING -j PODNET-MASQUERADE
-A PODNET-MASQUERADE -d 10.244.0.0/16 -j RETURN
-A PODNET-MASQUERADE -s 10.244.0.0/16 -j MASQUERADE --random-fully
COMMIT
`, k.inputs["iptables-restore"])

	k.saved = "*nat\n-A POSTROUTING -j KUBE-POSTROUTING\n-A POSTROUTING -j PODNET-MASQUERADE\nCOMMIT\n"
	require.NoError(t, netfilter.Masquerade(t.Context(), k.run, pods))
	require.NotContains(t, k.inputs["iptables-restore"], "POSTROUTING", "it is hooked in already")
}
