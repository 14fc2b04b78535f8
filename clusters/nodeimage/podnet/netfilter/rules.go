package netfilter

import (
	"fmt"
	"slices"
	"strings"

	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

// mainChain is where FORWARD sends every packet.
const mainChain = prefix + "POLICY"

// ruleset is the guards as chains and sets.
type ruleset struct {
	sets   []set
	chains []chain // the first is mainChain
}

type chain struct {
	name  string
	rules []string
}

func rulesFor(guards []policy.Guard) ruleset {
	main := chain{name: mainChain, rules: []string{"-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"}}
	r := ruleset{chains: []chain{main}}
	for _, g := range guards {
		c := r.guard(g)
		r.chains = append(r.chains, c)
		own, other := "-d", "-s"
		if g.Direction == policy.Egress {
			own, other = "-s", "-d"
		}
		r.chains[0].rules = append(r.chains[0].rules,
			fmt.Sprintf("%s %s/32 ! %s %s/32 -j %s", own, g.Pod, other, g.Pod, c.name))
	}
	return r
}

// guard is the chain of one guard: what is allowed returns, the rest is dropped.
func (r *ruleset) guard(g policy.Guard) chain {
	c := chain{name: fmt.Sprintf("%s%s-%s", prefix, strings.ToUpper(string(g.Direction)), short(g.Pod.String()))}
	for _, a := range g.Allowed {
		if a.Peers != nil && len(a.Peers) == 0 {
			continue
		}
		c.rules = append(c.rules, r.match(a, g.Direction)+"-j RETURN")
	}
	c.rules = append(c.rules, "-j DROP")
	return c
}

// match is the condition of the allowance, and a blank.
func (r *ruleset) match(a policy.Allowance, direction policy.Direction) string {
	var b strings.Builder
	if a.Peers != nil {
		side := "src"
		if direction == policy.Egress {
			side = "dst"
		}
		fmt.Fprintf(&b, "-m set --match-set %s %s ", r.set(a.Peers), side)
	}
	if a.Protocol != "" {
		fmt.Fprintf(&b, "-p %s ", a.Protocol)
	}
	if a.First != 0 {
		fmt.Fprintf(&b, "-m %s --dport %d:%d ", a.Protocol, a.First, a.Last)
	}
	return b.String()
}

// set returns the name of the set of these peers, which it adds if need be.
func (r *ruleset) set(peers []policy.Peer) string {
	s := newSet(peers)
	if !slices.ContainsFunc(r.sets, func(o set) bool { return o.name == s.name }) {
		r.sets = append(r.sets, s)
	}
	return s.name
}

// restore is the input of `iptables-restore --noflush` that replaces, in one step,
// what `iptables-save -t mangle` printed before.
func (r *ruleset) restore(saved string) string {
	var b strings.Builder
	b.WriteString("*mangle\n")
	stale := r.stale(saved)
	for _, c := range r.chains {
		fmt.Fprintf(&b, ":%s - [0:0]\n", c.name)
	}
	for _, name := range stale {
		fmt.Fprintf(&b, ":%s - [0:0]\n", name)
	}
	if jump := "-A FORWARD -j " + mainChain; !slices.Contains(lines(saved), jump) {
		b.WriteString(jump + "\n")
	}
	for _, c := range r.chains {
		for _, rule := range c.rules {
			fmt.Fprintf(&b, "-A %s %s\n", c.name, rule)
		}
	}
	for _, name := range stale {
		fmt.Fprintf(&b, "-X %s\n", name)
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// stale are the chains of this package that are there and no longer needed.
func (r *ruleset) stale(saved string) []string {
	var names []string
	for _, line := range lines(saved) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, ":"), " ")
		needed := slices.ContainsFunc(r.chains, func(c chain) bool { return c.name == name })
		if strings.HasPrefix(line, ":"+prefix) && !needed {
			names = append(names, name)
		}
	}
	return names
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
