package netfilter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"memgraph-controller/clusters/nodeimage/podnet/policy"
)

// prefix begins the name of every chain and set of this package.
const prefix = "PODNET-"

// set is an ipset, named after its members.
type set struct {
	name    string
	members []string
}

func newSet(peers []policy.Peer) set {
	var members []string
	for _, p := range peers {
		for _, r := range halves(p.Range) {
			member := r.String()
			if p.Except {
				member += " nomatch"
			}
			members = append(members, member)
		}
	}
	slices.Sort(members)
	members = slices.Compact(members)
	return set{name: prefix + short(strings.Join(members, ",")), members: members}
}

// halves returns the range as ipset takes it: not the one of all addresses.
func halves(r netip.Prefix) []netip.Prefix {
	if r.Bits() > 0 {
		return []netip.Prefix{r}
	}
	return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")}
}

// short is a digest that fits into the 28 characters of a chain's name.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// restoreSets is the input of `ipset restore -exist` that makes the sets. What is
// there already stays as it is.
func restoreSets(sets []set) string {
	var b strings.Builder
	for _, s := range sets {
		fmt.Fprintf(&b, "create %s hash:net family inet maxelem 65536\n", s.name)
		for _, m := range s.members {
			fmt.Fprintf(&b, "add %s %s\n", s.name, m)
		}
	}
	return b.String()
}
