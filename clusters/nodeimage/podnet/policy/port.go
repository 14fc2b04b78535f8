package policy

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ingress allows the peers the ports of pod.
func ingress(from peers, ports []networking.NetworkPolicyPort, pod *corev1.Pod) []Allowance {
	return from.allow(ports, func(named Allowance, name string) []Allowance {
		var all []Allowance
		for _, number := range numbers(pod, name, named.Protocol) {
			all = append(all, from.each(named.onPort(number))...)
		}
		return all
	})
}

// egress allows the ports of the peers. A name may stand for another number at
// each of them, and for none at an address that is no pod's.
func (s *State) egress(to peers, ports []networking.NetworkPolicyPort) []Allowance {
	return to.allow(ports, func(named Allowance, name string) []Allowance {
		pods := to.pods
		if to.any {
			pods = slices.DeleteFunc(slices.Clone(s.Pods), func(p *corev1.Pod) bool { return !onNetwork(p) })
		}
		return perNumber(pods, named, name)
	})
}

// allow returns the allowances for ports by number, and leaves those by name to
// named. No ports: all of them.
func (p peers) allow(ports []networking.NetworkPolicyPort, named func(of Allowance, name string) []Allowance) []Allowance {
	if len(ports) == 0 {
		return p.each(Allowance{})
	}
	var all []Allowance
	for _, port := range ports {
		a := Allowance{Protocol: "tcp"}
		if port.Protocol != nil {
			a.Protocol = strings.ToLower(string(*port.Protocol))
		}
		switch {
		case port.Port == nil:
			all = append(all, p.each(a)...)
		case port.Port.Type == intstr.String:
			all = append(all, named(a, port.Port.StrVal)...)
		default:
			a = a.onPort(port.Port.IntVal)
			if port.EndPort != nil {
				a.Last = uint16(*port.EndPort)
			}
			all = append(all, p.each(a)...)
		}
	}
	return all
}

// each is the allowance for each group of the peers.
func (p peers) each(a Allowance) []Allowance {
	var all []Allowance
	for _, group := range p.groups() {
		a.Peers = group
		all = append(all, a)
	}
	return all
}

func (a Allowance) onPort(number int32) Allowance {
	a.First, a.Last = uint16(number), uint16(number)
	return a
}

// numbers returns the ports of the pod that have the name.
func numbers(pod *corev1.Pod, name, protocol string) []int32 {
	var found []int32
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && strings.EqualFold(string(port.Protocol), protocol) {
				found = append(found, port.ContainerPort)
			}
		}
	}
	return found
}

// perNumber is one allowance for each number that the name stands for.
func perNumber(pods []*corev1.Pod, a Allowance, name string) []Allowance {
	byNumber := map[int32][]*corev1.Pod{}
	var order []int32
	for _, pod := range pods {
		for _, number := range numbers(pod, name, a.Protocol) {
			if byNumber[number] == nil {
				order = append(order, number)
			}
			byNumber[number] = append(byNumber[number], pod)
		}
	}
	var all []Allowance
	for _, number := range order {
		allowance := a.onPort(number)
		allowance.Peers = ranges(byNumber[number])
		all = append(all, allowance)
	}
	return all
}
