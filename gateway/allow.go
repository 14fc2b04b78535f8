package gateway

import (
	"net"
	"net/netip"
	"slices"
)

// allows tells whether a client's address is one of Config.Allow. An address that is
// none of IP's, as of a connection in memory, is not.
func (c Config) allows(client net.Conn) bool {
	if len(c.Allow) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(client.RemoteAddr().String())
	if err != nil {
		return false
	}
	address := from.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(c.Allow, func(allowed netip.Prefix) bool { return allowed.Contains(address) })
}
