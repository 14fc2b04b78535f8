package controller

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// Config puts a controller together. Fleet, Store, Connect and Write are needed; every
// other zero stands for what its comment names.
type Config struct {
	// Name is this controller's, Cluster the cluster's, Version the program's.
	Name, Cluster, Version string
	Fleet                  Fleet
	Store                  Store
	// Connect opens the client of one instance; the controller closes it.
	Connect func(Process) (Database, error)
	// Write and Read are this controller's two gateways. The controller runs
	// them and tells them their routes. Read may be nil: there is no read gateway.
	Write, Read *gateway.Gateway
	// Peers lists the other controllers, Controllers is how many there are meant
	// to be with this one, and AskPeer asks one of them for its report. Default:
	// there are no others; GET /api/v1/report.
	Peers       Peers
	Controllers int
	AskPeer     func(ctx context.Context, p Peer) (api.Report, error)
	// Isolation is the gateway.Config.IsolationAfter of all write gateways: a
	// gateway that is out of touch is waited for that long.
	Isolation time.Duration
	// Lease says who leads. Default: this controller, for ever.
	Lease Lease
	// RetireFor is how long sessions may go on after the end of Run was asked for,
	// each until it is between two transactions. Default: they are cut at once.
	RetireFor time.Duration
	// Processes acts on instances' processes for POST /instances. Default:
	// unsupported.
	Processes Processes
	Policy    topology.Policy
	// Detection's default is BalancedDetection.
	Detection Detection
	// User and Password are created on every new main. Default: none.
	User, Password string
	// OnFailover is told of each failover and planned change that has come to its
	// end. It must not block. Default: nobody is.
	OnFailover func(api.Failover)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Log gets one line for each transition at info. Default: discarded.
	Log *slog.Logger
}

// Lease tells until when this controller may act as leader.
type Lease interface {
	// Until is the end of the lease; the zero time when it is not the leader.
	Until() time.Time
	// Leader names whoever leads; empty when not known.
	Leader() string
}

// Processes lets a person act on the processes of instances on this machine.
type Processes interface {
	Kill(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Cont(ctx context.Context, name string) error
	RestartGracefully(ctx context.Context, name string) error
}

func (c *Config) complete() error {
	if c.Fleet == nil || c.Store == nil || c.Connect == nil || c.Write == nil {
		return errors.New("controller: Fleet, Store, Connect and Write are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.AskPeer == nil {
		c.AskPeer = func(ctx context.Context, p Peer) (api.Report, error) {
			return api.Client{Base: "http://" + p.Address}.Report(ctx)
		}
	}
	c.Controllers = max(c.Controllers, 1)
	if c.OnFailover == nil {
		c.OnFailover = func(api.Failover) {}
	}
	if c.Detection == (Detection{}) {
		c.Detection = BalancedDetection()
	}
	if c.Lease == nil {
		c.Lease = alone{c.Name, c.Now}
	}
	c.Policy.Users = c.User != ""
	return nil
}

// alone is the lease of a controller that has no others beside it.
type alone struct {
	name string
	now  func() time.Time
}

func (a alone) Until() time.Time { return a.now().Add(time.Hour) }
func (a alone) Leader() string   { return a.name }
