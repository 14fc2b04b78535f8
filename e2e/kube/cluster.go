package kube

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient/conf"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/e2e/kube/node"
)

// Cluster is the kind cluster of the suite.
type Cluster struct {
	// Root is the folder of the module's sources.
	Root   string
	Kind   kind.Cluster
	Images clusters.Images
	Helm   helm.Helm
	Client kubernetes.Interface
	Config *rest.Config

	site *clusters.Site
}

// Up makes the cluster of the suite, or with reuse takes the one that is there,
// and brings the images to it. What it is at goes to out.
func Up(ctx context.Context, out io.Writer, reuse bool) (*Cluster, error) {
	module, err := command.Exec{}.Run(ctx, command.New("go", "list", "-m", "-f", "{{.Dir}}", "memgraph-controller"))
	if err != nil {
		return nil, err
	}
	c := &Cluster{Root: strings.TrimSpace(module)}
	c.Kind = kind.E2E(filepath.Join(c.Root, "out", "kubeconfig-e2e"))
	if c.Helm, err = helm.Find(os.Getenv, c.Root, c.Kind.Kubeconfig); err != nil {
		return nil, err // before minutes are spent on a cluster
	}
	if c.site, err = clusters.Here(ctx, out); err != nil {
		return nil, err
	}
	up := c.site.UpAnew
	if reuse {
		up = c.site.Up
	}
	if c.Images, err = up(ctx, c.Kind); err != nil {
		return nil, err
	}
	return c, c.connect()
}

// connect makes the clients of the API server. Their own rate limit, meant for
// controllers, would only slow the suite down.
func (c *Cluster) connect() (err error) {
	if c.Config, err = conf.New(c.Kind.Kubeconfig); err != nil {
		return fmt.Errorf("kubeconfig %s: %w", c.Kind.Kubeconfig, err)
	}
	c.Config.QPS, c.Config.Burst, c.Config.UserAgent = 100, 200, "e2e"
	c.Client, err = kubernetes.NewForConfig(c.Config)
	return err
}

// Down removes the cluster.
func (c *Cluster) Down() error { return c.site.Down(c.Kind) }

// ControlPlane is the node that runs the API server. There is one.
func (c *Cluster) ControlPlane() node.Node { return node.Node{Name: c.Kind.Name + "-control-plane"} }
