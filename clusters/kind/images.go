package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster/constants"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/exec"
)

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
		return fmt.Errorf("node %s: %w", node, explain(err))
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
