package clusters

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/docker"
	"memgraph-controller/clusters/host"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/clusters/offline"
	"memgraph-controller/clusters/progress"
)

// Site is this machine as a place for clusters.
type Site struct {
	engine   *docker.Engine
	provider *kind.Provider
	builder  *offline.Builder
	run      command.Exec
	module   string // folder of this module's sources
	progress *progress.Log
}

// Images are the images that the chart is installed with.
type Images struct {
	Controller string
	Database   string
}

// Here returns this machine, which tells on out what it is at. It has to run in a
// folder of this module: images are built from its sources.
func Here(ctx context.Context, out io.Writer) (*Site, error) {
	s := &Site{progress: progress.To(out)}
	module, err := s.run.Run(ctx, command.New("go", "list", "-m", "-f", "{{.Dir}}", "memgraph-controller"))
	if err != nil {
		return nil, fmt.Errorf("run this in the project's folder: %w", err)
	}
	s.module = strings.TrimSpace(module)
	dir, err := cache.Open(os.Getenv)
	if err != nil {
		return nil, err
	}
	this := host.This(s.run, s.progress)
	s.engine = &docker.Engine{Host: this, Run: s.run, Progress: s.progress, Runtime: func(ctx context.Context) (string, error) {
		return docker.BuildRuntime(ctx, s.run, s.module)
	}}
	s.provider = kind.NewProvider(s.progress)
	s.builder = &offline.Builder{Module: s.module, Cache: dir, Host: this, Run: s.run, Progress: s.progress}
	return s, nil
}

// Up returns when the cluster runs and its nodes hold the images. A cluster of
// that name that is there and answers is used as it is; one that does not answer,
// such as one whose Docker engine was stopped meanwhile, is made anew.
func (s *Site) Up(ctx context.Context, c kind.Cluster) (Images, error) {
	return s.up(ctx, c, s.usable)
}

// UpAnew does the same with a new cluster: one of that name that is there is
// removed first, once there is an engine to ask for it (a machine that has only
// Docker's client has none yet).
func (s *Site) UpAnew(ctx context.Context, c kind.Cluster) (Images, error) {
	return s.up(ctx, c, func(context.Context, kind.Cluster) (bool, error) { return false, s.provider.Delete(c) })
}

// up brings up the cluster, unless it is there, and loads the images into it.
func (s *Site) up(ctx context.Context, c kind.Cluster, isThere func(context.Context, kind.Cluster) (bool, error)) (Images, error) {
	origin, err := s.origin(ctx)
	if err != nil {
		return Images{}, err
	}
	if err := s.engine.Ensure(ctx); err != nil {
		return Images{}, err
	}
	there, err := isThere(ctx, c)
	if err != nil {
		return Images{}, err
	}
	if !there {
		if err := s.create(ctx, c, origin); err != nil {
			return Images{}, err
		}
	}
	return s.load(ctx, c, origin)
}

// usable tells whether the cluster is there, and removes one that does not answer.
func (s *Site) usable(ctx context.Context, c kind.Cluster) (bool, error) {
	exists, err := s.provider.Exists(c.Name)
	if err != nil || !exists {
		return false, err
	}
	if s.provider.Answers(ctx, c.Name) {
		s.progress.Step("cluster %s is there", c.Name)
		return true, nil
	}
	s.progress.Step("cluster %s does not answer: it is made anew", c.Name)
	return false, s.provider.Delete(c)
}

func (s *Site) create(ctx context.Context, c kind.Cluster, origin kind.Origin) error {
	node, err := s.nodeImage(ctx, origin)
	if err != nil {
		return err
	}
	s.progress.Step("create cluster %s", c.Name)
	if err := s.provider.Create(ctx, c, node); err != nil {
		return err
	}
	s.progress.Step("cluster %s is ready", c.Name)
	return nil
}

// nodeImage is empty for kind's own.
func (s *Site) nodeImage(ctx context.Context, origin kind.Origin) (string, error) {
	if origin == kind.Registry {
		return "", nil
	}
	return s.builder.NodeImage(ctx)
}

func (s *Site) origin(ctx context.Context) (kind.Origin, error) {
	origin, why, err := kind.Detect(ctx, os.Getenv, http.DefaultClient)
	if err == nil {
		s.progress.Step("images: %s (%s)", origin, why)
	}
	return origin, err
}

// Down removes the cluster. The Docker engine goes on running.
func (s *Site) Down(c kind.Cluster) error {
	if err := s.provider.Delete(c); err != nil {
		return err
	}
	s.progress.Step("cluster %s is removed", c.Name)
	return nil
}
