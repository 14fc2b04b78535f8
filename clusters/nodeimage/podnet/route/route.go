// Package route keeps a route to the pods of every other node. All nodes share one
// network segment, as those of kind do.
package route

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
)

// Table is the routes to other nodes' pods: the range of a node's pods, and the
// node's address.
type Table map[netip.Prefix]netip.Addr

// Own returns the range of the pods on a node; none before it is assigned.
func Own(nodes []*corev1.Node, name string) (netip.Prefix, bool) {
	for _, n := range nodes {
		if n.Name == name {
			return podRange(n)
		}
	}
	return netip.Prefix{}, false
}

// Wanted returns the routes that a node needs. A node without a range of pods or
// without an address is not reached yet.
func Wanted(nodes []*corev1.Node, name string) Table {
	table := Table{}
	for _, n := range nodes {
		pods, assigned := podRange(n)
		via, known := internalIP(n)
		if n.Name != name && assigned && known {
			table[pods] = via
		}
	}
	return table
}

func podRange(n *corev1.Node) (netip.Prefix, bool) {
	r, err := netip.ParsePrefix(n.Spec.PodCIDR)
	return r, err == nil && r.Addr().Is4()
}

func internalIP(n *corev1.Node) (netip.Addr, bool) {
	for _, a := range n.Status.Addresses {
		addr, err := netip.ParseAddr(a.Address)
		if a.Type == corev1.NodeInternalIP && err == nil && addr.Is4() {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// Kernel holds routes. It knows those of this package from all others.
type Kernel interface {
	Routes() (Table, error)
	Replace(pods netip.Prefix, via netip.Addr) error
	Remove(pods netip.Prefix) error
}

// Sync makes the kernel's routes the wanted ones. After an error, some may be.
func Sync(kernel Kernel, wanted Table) (changed bool, err error) {
	have, err := kernel.Routes()
	if err != nil {
		return false, fmt.Errorf("routes to pods: %w", err)
	}
	if maps.Equal(have, wanted) {
		return false, nil
	}
	var failed []error
	for pods, via := range wanted {
		if have[pods] != via {
			failed = append(failed, kernel.Replace(pods, via))
		}
	}
	for pods := range have {
		if _, still := wanted[pods]; !still {
			failed = append(failed, kernel.Remove(pods))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return true, fmt.Errorf("routes to pods: %w", err)
	}
	return true, nil
}
