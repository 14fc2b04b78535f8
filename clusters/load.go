package clusters

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
	"memgraph-controller/clusters/kind"
)

const (
	// memgraphImage is the database that the project is checked against.
	memgraphImage = "memgraph/memgraph:3.12.0"
	// standIn asks for the stand-in where MEMGRAPH_IMAGE names an image.
	standIn = "standin"
)

// load builds this project's images out of the sources as they are now and copies
// them, and the database's, to the nodes of a cluster that is up.
func (s *Site) load(ctx context.Context, c kind.Cluster, origin kind.Origin) (Images, error) {
	dir, err := os.MkdirTemp("", "images-")
	if err != nil {
		return Images{}, err
	}
	defer os.RemoveAll(dir)
	built, err := s.programs(ctx, dir, origin)
	if err != nil {
		return Images{}, err
	}
	s.progress.Step("load images into cluster %s", c.Name)
	for _, image := range built {
		if err := s.provider.Load(ctx, c.Name, image.Ref, image.File); err != nil {
			return Images{}, err
		}
	}
	loaded := Images{Controller: built[0].Ref}
	if database := databaseImage(os.Getenv("MEMGRAPH_IMAGE"), origin); database != standIn {
		loaded.Database = database
		return loaded, s.provide(ctx, c, database, origin, dir)
	}
	loaded.Database = built[1].Ref
	return loaded, nil
}

// programs builds the images of this module into dir: the controller, and then the
// stand-in, where it is the database.
func (s *Site) programs(ctx context.Context, dir string, origin kind.Origin) ([]images.Built, error) {
	programs := []images.Program{images.Controller()}
	if databaseImage(os.Getenv("MEMGRAPH_IMAGE"), origin) == standIn {
		programs = append(programs, images.StandIn())
	}
	var all []images.Built
	for _, p := range programs {
		built, err := images.Build(ctx, s.run, s.module, dir, p)
		if err != nil {
			return nil, err
		}
		s.progress.Step("image %s", built.Ref)
		all = append(all, built)
	}
	return all, nil
}

// databaseImage is the image to run as the database, or standIn.
func databaseImage(forced string, origin kind.Origin) string {
	switch {
	case forced != "":
		return forced
	case origin == kind.Registry:
		return memgraphImage
	}
	return standIn
}

// provide brings an image of others to the nodes: the one that Docker holds, or
// else the registry's.
func (s *Site) provide(ctx context.Context, c kind.Cluster, ref string, origin kind.Origin, dir string) error {
	_, absent := s.run.Run(ctx, command.New("docker", "image", "inspect", "--format", "{{.Id}}", ref))
	switch {
	case absent == nil:
		file := filepath.Join(dir, "database.tar")
		if _, err := s.run.Run(ctx, command.New("docker", "save", "--output", file, ref)); err != nil {
			return err
		}
		return s.provider.Load(ctx, c.Name, ref, file)
	case origin == kind.Registry:
		return s.provider.Pull(ctx, c.Name, ref)
	}
	return errors.Join(
		fmt.Errorf("MEMGRAPH_IMAGE=%s: no registry to pull it from, and Docker does not hold it: give it to Docker (docker load) or use the stand-in (MEMGRAPH_IMAGE=%s)", ref, standIn),
		absent)
}
