package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/constants"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/exec"
)

type progress interface {
	Step(format string, args ...any)
}

// Provider makes clusters with the Docker engine that runs.
type Provider struct {
	kind     *cluster.Provider
	progress progress
}

// NewProvider returns a provider that tells a person what it does.
func NewProvider(p progress) *Provider {
	return &Provider{
		kind:     cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(steps{p})),
		progress: p,
	}
}

// Exists tells whether there is a cluster of this name, in whatever state.
func (p *Provider) Exists(name string) (bool, error) {
	names, err := p.kind.List()
	if err != nil {
		return false, fmt.Errorf("list clusters: %w", err)
	}
	return slices.Contains(names, name), nil
}

// Answers tells whether the API server of the cluster is ready.
func (p *Provider) Answers(ctx context.Context, name string) bool {
	return p.kubectl(ctx, name, "get", "--raw=/readyz") == nil
}

// Create makes the cluster and returns when all its nodes and the pods of the
// system are ready. Empty nodeImage: kind's own.
func (p *Provider) Create(ctx context.Context, c Cluster, nodeImage string) error {
	if err := c.free(); err != nil {
		return err
	}
	options := []cluster.CreateOption{
		cluster.CreateWithV1Alpha4Config(c.config()),
		cluster.CreateWithKubeconfigPath(c.Kubeconfig),
		cluster.CreateWithDisplayUsage(false), cluster.CreateWithDisplaySalutation(false),
	}
	if nodeImage != "" {
		options = append(options, cluster.CreateWithNodeImage(nodeImage))
	}
	if err := p.kind.Create(c.Name, options...); err != nil {
		return fmt.Errorf("create cluster %s: %w%s", c.Name, err, advice(err))
	}
	return p.ready(ctx, c.Name)
}

// ready waits for what kind does not wait for: the workers, and the pods that
// serve names, volumes and the network.
func (p *Provider) ready(ctx context.Context, name string) error {
	for _, what := range [][]string{
		{"node", "--all"},
		{"pod", "--all", "--namespace=kube-system"},
		{"pod", "--all", "--namespace=local-path-storage"},
	} {
		args := append([]string{"wait", "--for=condition=Ready", "--timeout=120s"}, what...)
		if err := p.kubectl(ctx, name, args...); err != nil {
			return fmt.Errorf("cluster %s: %w", name, err)
		}
	}
	return nil
}

// advice tells what to do about an error of kind that does not say so itself.
func advice(err error) string {
	output := err.Error()
	if run, ok := errors.AsType[*exec.RunError](err); ok {
		output += string(run.Output)
	}
	switch {
	case strings.Contains(output, "unable to apply caps"):
		return "\nthe Docker engine cannot start privileged containers here, since this machine withholds CAP_SYS_RESOURCE: " +
			"end that engine, and the next run starts one that can"
	case strings.Contains(output, "too many open files"):
		return "\nraise the limit: sysctl -w fs.inotify.max_user_instances=512"
	}
	return ""
}

// Delete removes the cluster and its entry in the kubeconfig, if there is one.
func (p *Provider) Delete(c Cluster) error {
	if err := p.kind.Delete(c.Name, c.Kubeconfig); err != nil {
		return fmt.Errorf("delete cluster %s: %w", c.Name, err)
	}
	return nil
}

// Load copies an image from an archive to the workers that do not have it yet.
func (p *Provider) Load(ctx context.Context, name, ref, file string) error {
	workers, err := p.nodes(name, constants.WorkerNodeRoleValue)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, node := range workers {
		all.Go(func() error { return load(ctx, node, ref, file) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("load image %s: %w", ref, err)
	}
	return nil
}

func load(ctx context.Context, node nodes.Node, ref, file string) (err error) {
	list, err := exec.Output(node.CommandContext(ctx, "ctr", "--namespace=k8s.io", "images", "list", "--quiet", "name=="+ref))
	if err == nil && strings.TrimSpace(string(list)) == ref {
		return nil
	}
	archive, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	if err := nodeutils.LoadImageArchive(node, archive); err != nil {
		return fmt.Errorf("node %s: %w", node, err)
	}
	return nil
}

// Pull has every worker pull an image, so that no test waits for that.
func (p *Provider) Pull(ctx context.Context, name, ref string) error {
	workers, err := p.nodes(name, constants.WorkerNodeRoleValue)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, node := range workers {
		all.Go(func() error {
			return run(node.CommandContext(ctx, "crictl", "pull", ref))
		})
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("pull image %s: %w", ref, err)
	}
	return nil
}

// kubectl runs kubectl on the control plane, where there is one that fits.
func (p *Provider) kubectl(ctx context.Context, name string, args ...string) error {
	control, err := p.nodes(name, constants.ControlPlaneNodeRoleValue)
	if err != nil {
		return err
	}
	args = append([]string{"--kubeconfig=/etc/kubernetes/admin.conf"}, args...)
	return run(control[0].CommandContext(ctx, "kubectl", args...))
}

func (p *Provider) nodes(name, role string) ([]nodes.Node, error) {
	all, err := p.kind.ListInternalNodes(name)
	if err != nil {
		return nil, fmt.Errorf("nodes of cluster %s: %w", name, err)
	}
	selected, err := nodeutils.SelectNodesByRole(all, role)
	if err != nil {
		return nil, fmt.Errorf("nodes of cluster %s: %w", name, err)
	}
	if len(selected) == 0 {
		return nil, fmt.Errorf("cluster %s has no node of the role %s", name, role)
	}
	return selected, nil
}

// run adds to the error of a command what it said.
func run(cmd exec.Cmd) error {
	lines, err := exec.CombinedOutputLines(cmd)
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(lines, "\n"))
	}
	return nil
}
