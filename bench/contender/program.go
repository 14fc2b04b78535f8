package contender

import (
	"fmt"
	"os"
	"os/exec"

	"memgraph-controller/bench/remote"
)

// goProxy is a proxy of bench/cmd/proxy.
type goProxy struct {
	*remote.Process
	address string
}

// gatewayProxy is one that is a gateway.
type gatewayProxy struct{ goProxy }

// Gateway can hold connections and cut them.
type Gateway interface {
	Holder
	Cutter
}

// StartGateway starts the gateway for writers, as the contender of that name is.
func StartGateway(site Site) (Gateway, error) {
	running, err := program("writes")(site)
	if err != nil {
		return nil, err
	}
	return running.(gatewayProxy), nil
}

// program starts bench/cmd/proxy as one kind of proxy.
func program(kind string) func(Site) (Running, error) {
	return func(site Site) (Running, error) {
		cmd := exec.Command(site.Proxy, kind, site.Upstream)
		// GODEBUG is what the chart sets.
		cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", site.Threads), "GODEBUG=adaptivestackstart=0")
		cmd.Stderr = os.Stderr
		process, err := remote.Start(kind+" proxy", cmd, site.CPUs)
		if err != nil {
			return nil, err
		}
		p := goProxy{Process: process}
		if err := p.Call("address", nil, &p.address); err != nil {
			p.Stop()
			return nil, err
		}
		if kind == "copy" {
			return p, nil
		}
		return gatewayProxy{p}, nil
	}
}

func (p goProxy) Address() string { return p.address }

// Allocations implements Allocator.
func (p goProxy) Allocations() (n uint64, err error) {
	err = p.Call("allocations", nil, &n)
	return n, err
}

// FilesPerSession is that of io.Copy: two sockets, and two pipes for which it waits
// with nothing to put into them.
func (p goProxy) FilesPerSession() int { return 6 }

// FilesPerSession is two sockets.
func (p gatewayProxy) FilesPerSession() int { return 2 }

// Hold, Release and Cut are routes that the gateway is given.
func (p gatewayProxy) Hold() error    { return p.Do("hold", nil) }
func (p gatewayProxy) Release() error { return p.Do("open", nil) }
func (p gatewayProxy) Cut() error     { return p.Do("cut", nil) }
