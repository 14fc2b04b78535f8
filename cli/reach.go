package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/controller/api"
)

// localServer is where a cluster on this machine, and a controller inside its own pod,
// listen.
const localServer = "http://127.0.0.1:8080"

// tokenFlag is the token for changing calls.
type tokenFlag struct {
	Token string `help:"The controller's token. Default: the release's, read from its Secret; none is needed on a loopback address without one." env:"MEMGRAPH_CONTROLLER_TOKEN"`
}

// clusterFlags say which cluster is meant.
type clusterFlags struct {
	Server     string `help:"Address of a controller's HTTP server. Default: the controller on this machine, if one listens at 127.0.0.1:8080; else the release that the kubeconfig leads to." env:"MEMGRAPH_CONTROLLER_SERVER" placeholder:"URL" group:"Which cluster"`
	Kubeconfig string `help:"The kubeconfig. Default: as kubectl." type:"path" placeholder:"FILE" group:"Which cluster"`
	Context    string `help:"The context of the kubeconfig. Default: the current one." placeholder:"NAME" group:"Which cluster"`
	Namespace  string `help:"The namespace of the release. Default: that of the context." short:"n" placeholder:"NAME" group:"Which cluster"`
	Release    string `help:"The release. Default: the only one of the namespace." placeholder:"NAME" group:"Which cluster"`
	tokenFlag  `group:"Which cluster"`
}

// Validate refuses two ways at once: they may lead to two clusters.
func (f *clusterFlags) Validate() error {
	if f.Server != "" && f.where() != (cluster.Where{}) {
		return errors.New("--server names a controller: --kubeconfig, --context, --namespace and --release cannot be used with it")
	}
	return nil
}

func (f *clusterFlags) where() cluster.Where {
	return cluster.Where{Kubeconfig: f.Kubeconfig, Context: f.Context, Namespace: f.Namespace, Release: f.Release}
}

// reached is a controller that was reached, and how.
type reached struct {
	api.Client
	// release is nil where the controller was reached by its address.
	release *cluster.Release
	// controller is the pod that is asked; empty where release is nil.
	controller string
	// place says for a person which cluster it is.
	place   string
	explain func(error) error
	tunnels []*cluster.Tunnel
}

// close ends what leads to the cluster.
func (r *reached) close() {
	r.HTTP.CloseIdleConnections()
	for _, t := range r.tunnels {
		t.Close()
	}
}

// reach finds a controller. Through a kubeconfig it is the leader, where one is known:
// it alone tells a change from its beginning to its end.
func (f *clusterFlags) reach(ctx context.Context, terminal *Terminal) (*reached, error) {
	if f.Server != "" {
		return f.at(f.Server, terminal), nil
	}
	if f.where() == (cluster.Where{}) && !terminal.Plugin() && listensHere(ctx, localServer) {
		return f.at(localServer, terminal), nil
	}
	var found *reached
	err := terminal.during("looking for the cluster", func() (err error) {
		found, err = f.find(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	found.HTTP.Transport = patience{found.HTTP.Transport.(*http.Transport), terminal, found.controller}
	return found, nil
}

// patience says of a call that takes long that it is waited for.
type patience struct {
	*http.Transport
	terminal *Terminal
	asked    string
}

// RoundTrip implements http.RoundTripper.
func (p patience) RoundTrip(request *http.Request) (*http.Response, error) {
	defer p.terminal.mentioned("waiting for " + p.asked)()
	return p.Transport.RoundTrip(request)
}

// forChange is reach with the token that changing calls need, and says on which
// cluster the change will be.
func (f *clusterFlags) forChange(ctx context.Context, terminal *Terminal) (*reached, error) {
	r, err := f.reach(ctx, terminal)
	if err != nil || r.release == nil {
		return r, err
	}
	if r.Token == "" {
		if r.Token, err = r.release.Credential(ctx, cluster.TokenVariable); err != nil {
			r.close()
			return nil, fmt.Errorf("the admin token: %w; or give it with --token", err)
		}
	}
	fmt.Fprintf(terminal.Err, "%s\n", printable(r.place))
	return r, nil
}

// at is the controller at an address. Host and port alone are taken too.
func (f *clusterFlags) at(address string, terminal *Terminal) *reached {
	base := address
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	return &reached{
		Client: api.Client{Base: base, Token: f.Token, HTTP: &http.Client{Transport: patience{&http.Transport{}, terminal, base}}},
		place:  "cluster at " + base,
		explain: func(err error) error {
			return explainAddress(err, address, terminal)
		},
	}
}

// listensWithin is how long a local controller may take to say that it is one.
const listensWithin = 500 * time.Millisecond

// listensHere tells whether a controller listens at an address of this machine; what
// else may listen there is not taken for one.
func listensHere(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, listensWithin)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	status, err := api.Client{Base: address, HTTP: &http.Client{Transport: transport}}.Status(ctx)
	return err == nil && status.Controller != ""
}

// find goes through the kubeconfig.
func (f *clusterFlags) find(ctx context.Context) (*reached, error) {
	release, err := cluster.Find(ctx, f.where(), Version())
	if err != nil {
		return nil, err
	}
	ready := release.Ready()
	if len(ready) == 0 {
		return nil, release.Unready()
	}
	var failed error
	for _, pod := range ready {
		r, status, err := f.through(ctx, release, pod)
		if err != nil {
			failed = err
			continue
		}
		leads := slices.IndexFunc(ready, func(p corev1.Pod) bool { return p.Name == status.Leader })
		if leads < 0 || status.Leading() {
			return r, nil
		}
		if leader, _, err := f.through(ctx, release, ready[leads]); err == nil {
			r.close()
			return leader, nil
		}
		return r, nil
	}
	return nil, fmt.Errorf("no controller of %s answers: %w", release, failed)
}

// answersWithin bounds the first question to a controller through a tunnel.
const answersWithin = 10 * time.Second

// through leads to one controller, and asks whether it answers.
func (f *clusterFlags) through(ctx context.Context, release *cluster.Release, pod corev1.Pod) (*reached, api.Status, error) {
	tunnel, err := release.Tunnel(pod.Name, cluster.HTTPPort)
	if err != nil {
		return nil, api.Status{}, err
	}
	r := &reached{
		Client: api.Client{
			Base: localServer, Token: f.Token, // the tunnel ends inside the pod
			HTTP: &http.Client{Transport: &http.Transport{DialContext: tunnel.DialContext}},
		},
		release: release, controller: pod.Name, place: release.String(),
		explain: explainTunnel, tunnels: []*cluster.Tunnel{tunnel},
	}
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	status, err := r.Status(ctx)
	if err != nil {
		r.close()
		return nil, status, fmt.Errorf("controller %s: %w", pod.Name, err)
	}
	return r, status, nil
}

// explainTunnel adds what to do to an error of a call through a tunnel.
func explainTunnel(err error) error {
	if answered, ok := errors.AsType[*api.Error](err); ok && answered.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w (the controllers may have been started before the Secret changed: 'kubectl rollout restart' them)", err)
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the way to the controller ended: %w; try again", err)
	}
	return err
}

// explainAddress adds what to do to an error that comes from not reaching a server.
func explainAddress(err error, address string, terminal *Terminal) error {
	_, unknownHost := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no controller listens at %s: start a cluster with %s, "+
			"name the controller with --server or MEMGRAPH_CONTROLLER_SERVER, or leave them out to use the kubeconfig", address, terminal.call("local"))
	case unknownHost:
		return fmt.Errorf("%w: check --server and MEMGRAPH_CONTROLLER_SERVER", err)
	}
	if answered, ok := errors.AsType[*api.Error](err); ok && answered.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w (--token, or MEMGRAPH_CONTROLLER_TOKEN)", err)
	}
	return err
}
