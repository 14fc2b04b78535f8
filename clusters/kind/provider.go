package kind

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/kind/pkg/cluster"
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
		return false, fmt.Errorf("list clusters: %w", explain(err))
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
		return fmt.Errorf("create cluster %s: %w", c.Name, explain(err))
	}
	return p.ready(ctx, c.Name)
}

// ready waits for what kind does not wait for: the workers, and the pods that
// serve names, volumes and the network.
func (p *Provider) ready(ctx context.Context, name string) error {
	for _, what := range [][]string{
		{"--for=condition=Ready", "node"},
		{"--for=condition=Ready", "pod", "--namespace=kube-system"},
		{"--for=condition=Available", "deployment", "--all-namespaces"},
	} {
		args := append([]string{"wait", "--all", "--timeout=120s"}, what...)
		if err := p.kubectl(ctx, name, args...); err != nil {
			return fmt.Errorf("cluster %s: %w", name, err)
		}
	}
	return nil
}

// Delete removes the cluster and its entry in the kubeconfig, if there is one.
func (p *Provider) Delete(c Cluster) error {
	if err := p.kind.Delete(c.Name, c.Kubeconfig); err != nil {
		return fmt.Errorf("delete cluster %s: %w", c.Name, explain(err))
	}
	return nil
}

// Select makes the cluster the one that kubectl works on.
func (p *Provider) Select(c Cluster) error {
	if err := p.kind.ExportKubeConfig(c.Name, c.Kubeconfig, false); err != nil {
		return fmt.Errorf("kubeconfig of cluster %s: %w", c.Name, explain(err))
	}
	return nil
}
