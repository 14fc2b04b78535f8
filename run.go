package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/cli"
	"memgraph-controller/controller"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/kube"
	"memgraph-controller/gateway"
)

// kubeRun is one controller of a cluster in Kubernetes, with its two gateways.
type kubeRun struct {
	Namespace          string `help:"Where the databases and the controllers are." env:"POD_NAMESPACE" required:""`
	Name               string `help:"The name of this controller's pod." env:"POD_NAME" required:""`
	StatefulSet        string `name:"statefulset" help:"The StatefulSet of the databases." required:""`
	InstanceSelector   string `help:"Label selector of the database pods." required:""`
	ControllerSelector string `help:"Label selector of the controller pods." required:""`
	ClusterDomain      string `help:"DNS domain of the Kubernetes cluster." default:"cluster.local"`
	Controllers        int    `help:"How many controllers there are meant to be, with this one." default:"1"`

	Write string `help:"Where the write gateway listens." default:":7687"`
	Read  string `help:"Where the read gateway listens; empty: there is none." default:":7688"`
	HTTP  string `name:"http" help:"Where status, metrics and the API are served." default:":8080"`

	WriteAllow []netip.Prefix `help:"Networks whose clients the write gateway takes, such as 10.0.0.0/8,fd00::/8; none: everybody's." placeholder:"CIDR"`
	ReadAllow  []netip.Prefix `help:"Networks whose clients the read gateway takes; none: everybody's." placeholder:"CIDR"`

	Token string `help:"Token that changing calls must carry." env:"MEMGRAPH_CONTROLLER_TOKEN"`

	TokenAudience string `help:"Take tokens of Kubernetes too that are made for this audience, and ask the API server whose they are and what they may do; empty: only the token above."`

	behaviour
}

const (
	// isolation is when a write gateway silences itself that is out of touch with
	// the record and with a majority of the controllers. A failover waits for it.
	isolation = 1500 * time.Millisecond
	// retireFor is how long a session may go on after this program was told to
	// end, until it is between two transactions.
	retireFor = 5 * time.Second
)

// Run runs the controller until ctx ends.
func (r *kubeRun) Run(ctx context.Context, terminal *cli.Terminal) error {
	log := slog.New(slog.NewTextHandler(terminal.Err, nil))
	client, err := kube.Connect(cli.Version())
	if err != nil {
		return err
	}
	reviewer, err := r.reviewer(log)
	if err != nil {
		return err
	}
	member, err := r.join(client, reviewer, log)
	if err != nil {
		return err
	}
	return member.run(ctx)
}

// reviewer decides on tokens of Kubernetes, with a client of its own; nil: nobody does.
func (r *kubeRun) reviewer(log *slog.Logger) (api.Reviewer, error) {
	if r.TokenAudience == "" {
		return nil, nil
	}
	client, err := kube.Connect(cli.Version())
	if err != nil {
		return nil, err
	}
	return kube.NewReviews(client, r.config(), r.TokenAudience, log), nil
}

func (r *kubeRun) config() kube.Config {
	return kube.Config{
		Namespace: r.Namespace, StatefulSet: r.StatefulSet, Domain: r.ClusterDomain,
		Instances: r.InstanceSelector, Controllers: r.ControllerSelector,
	}
}

// member is a controller and what it is put together of.
type member struct {
	client     kubernetes.Interface
	config     kube.Config
	name       string
	fleet      *kube.Fleet
	store      *kube.Store
	peers      *kube.Peers
	lease      *kube.Lease
	readiness  *kube.Readiness
	recent     *kube.Recent
	controller *controller.Controller
	server     *api.Server
	log        *slog.Logger
}

// join puts the controller together. Nothing happens before member.run.
func (r *kubeRun) join(client kubernetes.Interface, reviewer api.Reviewer, log *slog.Logger) (*member, error) {
	m := &member{client: client, config: r.config(), name: r.Name, log: log}
	var err error
	if m.fleet, err = kube.NewFleet(client, m.config, log); err != nil {
		return nil, err
	}
	m.store = kube.NewStore(client, m.config, log)
	m.peers = kube.NewPeers(client, m.config, log)
	m.lease = kube.NewLease(client, m.config, r.Name, log)
	m.readiness = kube.NewReadiness(client, m.fleet, log)
	m.recent = kube.NewRecent(client, m.config, log)

	failovers, registry := api.NewFailoverMetrics(), prometheus.NewRegistry()
	if err := registry.Register(failovers); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	config, err := r.controllerConfig(log, func(s gateway.Sighting) { m.controller.Sighted(s) }) // set before a gateway runs
	if err != nil {
		return nil, err
	}
	config.Name, config.Cluster = r.Name, r.StatefulSet
	config.Fleet, config.Store, config.Peers, config.Lease = m.fleet, m.store, m.peers, m.lease
	config.Controllers, config.Isolation, config.RetireFor = r.Controllers, isolation, retireFor
	config.OnFailover = failovers.Observe
	if m.controller, err = controller.New(config); err != nil {
		return nil, err
	}
	m.server, err = api.New(api.Config{
		Address: r.HTTP, Token: r.Token, Reviewer: reviewer, Backend: m.controller, Leader: m.leader, Events: m.recent.List,
		Log: log, Registry: registry,
	})
	return m, err
}

// controllerConfig is the part of a configuration that the flags decide.
func (r *kubeRun) controllerConfig(log *slog.Logger, sighted func(gateway.Sighting)) (controller.Config, error) {
	config, err := r.behaviour.config(log)
	if err != nil {
		return config, err
	}
	config.Write = writeGateway(r.Write, r.WriteAllow, isolation, log, sighted)
	if r.Read != "" {
		config.Read, err = r.readGateway(r.Read, r.ReadAllow, config.Write, log, sighted)
	}
	return config, err
}

// leads tells whether this controller leads.
func (m *member) leads() bool { return m.lease.Until().After(time.Now()) }

// leader is where the API of another controller is that leads; else "".
func (m *member) leader() string {
	name := m.lease.Leader()
	if m.leads() || name == m.name {
		return ""
	}
	for _, peer := range m.peers.List() {
		if peer.Name == name {
			return peer.Address
		}
	}
	return ""
}

// run runs everything until ctx ends. What the controller stands on ends after
// it: its gateways follow the record until their last session is gone.
func (m *member) run(ctx context.Context) error {
	ground, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	group, ground := errgroup.WithContext(ground)
	group.Go(func() error { return m.fleet.Run(ground) })
	group.Go(func() error { return m.store.Run(ground) })
	group.Go(func() error { return m.peers.Run(ground) })
	group.Go(func() error { return m.readiness.Run(ground) })
	group.Go(func() error { return m.recent.Run(ground) })
	group.Go(func() error { return m.server.Run(ground) })
	group.Go(func() error { return m.stand(ground) })
	group.Go(func() error { return m.report(ground) })
	group.Go(func() error {
		defer cancel()
		both, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(ground, stop)() // whatever else fails ends the controller
		return m.control(both)
	})
	return group.Wait()
}

// control runs the controller once it is known which instances there are.
func (m *member) control(ctx context.Context) error {
	select {
	case <-m.fleet.Listed():
	case <-ctx.Done():
		return nil
	}
	return m.controller.Run(ctx)
}

// stand takes part in the election, until the controller has done its last step.
func (m *member) stand(ctx context.Context) error {
	select {
	case <-m.fleet.Listed():
	case <-ctx.Done():
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-m.controller.Resigned():
			cancel()
		case <-ctx.Done():
		}
	}()
	return m.lease.Run(ctx)
}

// report tells Kubernetes of what the controller sees, and restarts database pods whose
// template has changed.
func (m *member) report(ctx context.Context) error {
	events := kube.NewEvents(ctx, m.client, m.config, m.name, m.fleet.StatefulSet, m.log)
	reporter := &kube.Reporter{Status: m.controller.Status, Leads: m.leads, Readiness: m.readiness, Events: events}
	rollout := &kube.Rollout{Status: m.controller.Status, Leads: m.leads, Fleet: m.fleet, Events: events, Log: m.log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return reporter.Run(ctx) })
	group.Go(func() error { return rollout.Run(ctx) })
	return group.Wait()
}
