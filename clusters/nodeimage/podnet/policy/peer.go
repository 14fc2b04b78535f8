package policy

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// peers is the other side of a rule.
type peers struct {
	any    bool
	pods   []*corev1.Pod
	blocks []*networking.IPBlock
}

// peers finds out whom a rule of a policy in namespace speaks of.
func (s *State) peers(namespace string, of []networking.NetworkPolicyPeer) peers {
	p := peers{any: len(of) == 0}
	for i := range of {
		if of[i].IPBlock != nil {
			p.blocks = append(p.blocks, of[i].IPBlock)
			continue
		}
		p.pods = append(p.pods, s.selected(namespace, &of[i])...)
	}
	return p
}

// selected returns the pods that a peer's selectors name.
func (s *State) selected(namespace string, peer *networking.NetworkPolicyPeer) []*corev1.Pod {
	namespaces := map[string]bool{}
	if peer.NamespaceSelector == nil {
		namespaces[namespace] = true
	} else {
		for _, n := range s.Namespaces {
			namespaces[n.Name] = selects(peer.NamespaceSelector, n.Labels)
		}
	}
	var pods []*corev1.Pod
	for _, pod := range s.Pods {
		if namespaces[pod.Namespace] && onNetwork(pod) && (peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)) {
			pods = append(pods, pod)
		}
	}
	return pods
}

// groups returns the peers as lists of ranges, one allowance each. A block with
// exceptions gets a list of its own: in one with others, its exceptions would
// bite into theirs.
func (p peers) groups() [][]Peer {
	if p.any {
		return [][]Peer{nil}
	}
	plain := ranges(p.pods)
	var groups [][]Peer
	for _, block := range p.blocks {
		parsed := block4(block)
		if len(parsed) == 1 {
			plain = append(plain, parsed...)
		} else if len(parsed) > 1 {
			groups = append(groups, parsed)
		}
	}
	return append([][]Peer{plain}, groups...)
}

func ranges(pods []*corev1.Pod) []Peer {
	of := []Peer{}
	for _, pod := range pods {
		of = append(of, Peer{Range: netip.PrefixFrom(address(pod), 32)})
	}
	return of
}

// block4 is the block, then its exceptions; empty if it is not of IPv4.
func block4(block *networking.IPBlock) []Peer {
	whole, err := netip.ParsePrefix(block.CIDR)
	if err != nil || !whole.Addr().Is4() {
		return nil
	}
	parsed := []Peer{{Range: whole.Masked()}}
	for _, text := range block.Except {
		if except, err := netip.ParsePrefix(text); err == nil {
			parsed = append(parsed, Peer{Range: except.Masked(), Except: true})
		}
	}
	return parsed
}
