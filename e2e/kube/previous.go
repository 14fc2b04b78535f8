package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/clusters/progress"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// Version is a chart and the image of the program that belongs to it.
type Version struct {
	Name, Chart, Image string
}

// Previous is what people upgrade from: the version of the last tag before this
// one, if there is a tag, built in dir. Before the first one it is this version
// under another tag of its image, so that an upgrade replaces every controller
// all the same.
func (c *Cluster) Previous(ctx context.Context, dir string) (Version, error) {
	tag, err := c.git(ctx, "describe", "--tags", "--abbrev=0", "HEAD^")
	if err != nil {
		return c.sameAgain(ctx)
	}
	v := Version{Name: strings.TrimSpace(tag)}
	tree := filepath.Join(dir, "source")
	if _, err := c.git(ctx, "worktree", "add", "--detach", tree, v.Name); err != nil {
		return v, err
	}
	built, err := images.Build(ctx, command.Exec{}, tree, dir, images.Controller())
	if err == nil {
		v.Chart, v.Image = filepath.Join(tree, "charts", "memgraph-controller"), built.Ref
		err = kind.NewProvider(progress.To(os.Stderr)).Load(ctx, c.Kind.Name, built.Ref, built.File)
	}
	if err != nil {
		return v, fmt.Errorf("version %s: %w", v.Name, errors.Join(err, c.Forget(ctx, dir)))
	}
	return v, nil
}

// Forget removes what Previous made in dir.
func (c *Cluster) Forget(ctx context.Context, dir string) error {
	tree := filepath.Join(dir, "source")
	if _, err := os.Stat(tree); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	_, err := c.git(ctx, "worktree", "remove", "--force", tree)
	return err
}

func (c *Cluster) git(ctx context.Context, args ...string) (string, error) {
	run := command.New("git", args...)
	run.Dir = c.Root
	return command.Exec{}.Run(ctx, run)
}

// sameAgain gives the image of this version another tag on every node that has it.
func (c *Cluster) sameAgain(ctx context.Context) (Version, error) {
	v := Version{Name: "this version under another tag", Chart: c.site.Chart(), Image: c.Images.Controller + "-previous"}
	return v, c.tag(ctx, c.Images.Controller, v.Image)
}

// tag gives an image another tag on every node that has it.
func (c *Cluster) tag(ctx context.Context, image, tag string) error {
	nodes, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "!node-role.kubernetes.io/control-plane"})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		if _, err := (node.Node{Name: n.Name}).Run(ctx, "ctr", "--namespace=k8s.io", "images", "tag", "--force", image, tag); err != nil {
			return err
		}
	}
	return nil
}

// runs tells whether all pods of a selector run an image and are ready.
func (r *Release) runs(ctx context.Context, selector, image string) error {
	pods, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return err
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; !uses(p, image) || !fleet.Ready(p) {
			return fmt.Errorf("pod %s does not run %s yet", p.Name, image)
		}
	}
	if len(pods.Items) == 0 {
		return fmt.Errorf("there is no pod %s", selector)
	}
	return nil
}

func uses(pod *corev1.Pod, image string) bool {
	for _, c := range pod.Spec.Containers {
		if c.Image == image {
			return true
		}
	}
	return false
}
