package route

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// origin marks the routes of this package in the kernel, where each route says who
// made it. The numbers from 192 on are nobody's.
const origin = netlink.RouteProtocol(197)

// Netlink is the kernel that this program runs on.
type Netlink struct{}

// Routes returns the routes with this package's mark.
func (Netlink) Routes() (Table, error) {
	list, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: origin}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return nil, err
	}
	table := Table{}
	for _, r := range list {
		via, ok := netip.AddrFromSlice(r.Gw)
		pods, err := netip.ParsePrefix(r.Dst.String())
		if ok && err == nil {
			table[pods] = via.Unmap()
		}
	}
	return table, nil
}

// Replace sets the route to pods.
func (Netlink) Replace(pods netip.Prefix, via netip.Addr) error {
	if err := netlink.RouteReplace(&netlink.Route{Dst: ipNet(pods), Gw: via.AsSlice(), Protocol: origin}); err != nil {
		return fmt.Errorf("%s via %s: %w", pods, via, err)
	}
	return nil
}

// Remove takes the route to pods away.
func (Netlink) Remove(pods netip.Prefix) error {
	if err := netlink.RouteDel(&netlink.Route{Dst: ipNet(pods), Protocol: origin}); err != nil {
		return fmt.Errorf("%s: %w", pods, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
