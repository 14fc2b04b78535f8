package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"memgraph-controller/cli"
	"memgraph-controller/controller"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
	"memgraph-controller/gateway/login"
)

// behaviour is what can be chosen wherever a controller runs.
type behaviour struct {
	Detection    string        `help:"How fast a silent instance counts as lost: fast, balanced or patient." enum:"fast,balanced,patient" default:"balanced"`
	DegradeAfter time.Duration `help:"How long writes wait for a voter before they are taken without one; 0: for ever." default:"0s"`
	User         string        `help:"User that is created on every new main." env:"MEMGRAPH_USER"`
	Password     string        `help:"The user's password." env:"MEMGRAPH_PASSWORD"`
	databaseTLS
	CheckLogins string `help:"Whether the read gateway lets a connection through only after the main has accepted its login, since replicas accept any: auto (where --user is set), always or never. Clients with TLS are refused where it does." enum:"auto,always,never" default:"auto"`
}

// config is the part of a controller's configuration that this decides.
func (b *behaviour) config(log *slog.Logger) (controller.Config, error) {
	secure, err := b.databaseTLS.config()
	if err != nil {
		return controller.Config{}, err
	}
	policy := topology.DefaultPolicy()
	policy.DegradeAfter = b.DegradeAfter
	detection := map[string]func() controller.Detection{
		"fast": controller.FastDetection, "balanced": controller.BalancedDetection, "patient": controller.PatientDetection,
	}[b.Detection]()
	return controller.Config{
		Version: cli.Version(), Connect: b.connect(secure, log), Policy: policy, Detection: detection,
		User: b.User, Password: b.Password, Log: log,
	}, nil
}

func (b *behaviour) connect(secure *tls.Config, log *slog.Logger) func(controller.Process) (controller.Database, error) {
	return func(p controller.Process) (controller.Database, error) {
		return memgraph.Open(memgraph.Config{
			Name: p.Name, Address: p.Bolt, ReplicationAddress: p.Replication, User: b.User, Password: b.Password,
			TLS: secure, Log: log,
		})
	}
}

// readDrain is how long a read may go on at an instance that leaves the read
// pool. A failover waits for it, because who is promoted leaves the pool first;
// most reads take a few milliseconds.
const readDrain = 250 * time.Millisecond

func writeGateway(address string, allow []netip.Prefix, isolation time.Duration, log *slog.Logger, sighted func(gateway.Sighting)) *gateway.Gateway {
	return gateway.New(gateway.Config{
		Name: "rw", Address: address, Allow: allow, IsolationAfter: isolation, Log: log, Track: boltframe.Track, OnSighting: sighted,
	})
}

// readGateway is the gateway for reads. Whether a login is good is asked where the write
// gateway leads to. Inside TLS no login can be seen, so both together serve nobody.
func (b *behaviour) readGateway(address string, allow []netip.Prefix, write *gateway.Gateway, log *slog.Logger, sighted func(gateway.Sighting)) (*gateway.Gateway, error) {
	if b.checksLogins() && b.DatabaseTLS {
		return nil, errors.New("--database-tls: the read gateway cannot see logins inside TLS and would refuse every client: " +
			"set --check-logins=never, and reads ask for no password, or do without a read gateway")
	}
	config := gateway.Config{
		Name: "ro", Address: address, Allow: allow, DrainLimit: readDrain, Log: log, Track: boltframe.Track, OnSighting: sighted,
	}
	if b.checksLogins() {
		config.Open = login.New(login.Config{Main: write.Authority, Log: log}).Open
	}
	return gateway.New(config), nil
}

// checksLogins tells whether the read gateway does.
func (b *behaviour) checksLogins() bool {
	return b.CheckLogins == "always" || b.CheckLogins == "auto" && b.User != ""
}
