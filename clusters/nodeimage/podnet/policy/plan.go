package policy

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// State is what the API server holds.
type State struct {
	Pods       []*corev1.Pod
	Namespaces []*corev1.Namespace
	Policies   []*networking.NetworkPolicy
}

// Direction is that of a connection as the pod sees it.
type Direction string

// The directions.
const (
	Ingress Direction = "in"
	Egress  Direction = "out"
)

// Guard closes one pod in one direction, but for what is allowed.
type Guard struct {
	Pod       netip.Addr
	Direction Direction
	Allowed   []Allowance
}

// Allowance is one kind of connections that are allowed.
type Allowance struct {
	// Peers are the other ends; nil: any, empty: none.
	Peers []Peer
	// Protocol is "tcp", "udp" or "sctp"; empty: any, on any port.
	Protocol string
	// First and Last bound the port at the receiving end; 0, 0: any.
	First, Last uint16
}

// Peer is a range of addresses.
type Peer struct {
	Range netip.Prefix
	// Except: the range is taken out of the wider ones beside it.
	Except bool
}

// Plan returns the guards of the pods on a node, in an order that depends on
// nothing but the state's content.
func Plan(state State, node string) []Guard {
	state.sort()
	var guards []Guard
	for _, pod := range state.Pods {
		if pod.Spec.NodeName != node || !onNetwork(pod) {
			continue
		}
		for _, direction := range []Direction{Ingress, Egress} {
			if guard, closed := state.guard(pod, direction); closed {
				guards = append(guards, guard)
			}
		}
	}
	return guards
}

// sort orders pods and policies without changing the slices of the caller.
func (s *State) sort() {
	s.Pods = slices.SortedFunc(slices.Values(s.Pods), func(a, b *corev1.Pod) int { return byName(&a.ObjectMeta, &b.ObjectMeta) })
	s.Policies = slices.SortedFunc(slices.Values(s.Policies), func(a, b *networking.NetworkPolicy) int { return byName(&a.ObjectMeta, &b.ObjectMeta) })
}

func byName(a, b *metav1.ObjectMeta) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// guard tells whether any policy closes the pod in the direction.
func (s *State) guard(pod *corev1.Pod, direction Direction) (guard Guard, closed bool) {
	guard = Guard{Pod: address(pod), Direction: direction}
	for _, p := range s.Policies {
		if p.Namespace != pod.Namespace || !closes(p, direction) || !selects(&p.Spec.PodSelector, pod.Labels) {
			continue
		}
		closed = true
		guard.Allowed = append(guard.Allowed, s.allowed(p, pod, direction)...)
	}
	return guard, closed
}

// allowed is what one policy lets through to or from the pod.
func (s *State) allowed(p *networking.NetworkPolicy, pod *corev1.Pod, direction Direction) []Allowance {
	var all []Allowance
	if direction == Ingress {
		for _, rule := range p.Spec.Ingress {
			peers := s.peers(p.Namespace, rule.From)
			all = append(all, ingress(peers, rule.Ports, pod)...)
		}
		return all
	}
	for _, rule := range p.Spec.Egress {
		peers := s.peers(p.Namespace, rule.To)
		all = append(all, s.egress(peers, rule.Ports)...)
	}
	return all
}

func closes(p *networking.NetworkPolicy, direction Direction) bool {
	wanted := networking.PolicyTypeIngress
	if direction == Egress {
		wanted = networking.PolicyTypeEgress
	}
	return slices.Contains(p.Spec.PolicyTypes, wanted)
}

// selects is false for a selector that means nothing; the API server accepts none.
func selects(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}

// onNetwork tells whether the pod has an address of its own: one that has ended
// may have lent it to another already.
func onNetwork(pod *corev1.Pod) bool {
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	return !ended && !pod.Spec.HostNetwork && address(pod).Is4()
}

// address is invalid while the pod has none.
func address(pod *corev1.Pod) netip.Addr {
	addr, _ := netip.ParseAddr(pod.Status.PodIP)
	return addr
}
