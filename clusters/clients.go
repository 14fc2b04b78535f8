package clusters

import (
	"context"
	"fmt"
	"os"

	"memgraph-controller/clusters/images"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/clusters/offline"
)

// ClientImages are the images of the suites' clients.
type ClientImages struct {
	Go, Python string
}

// Clients builds the images of the suites' clients out of the sources as they are
// now and copies them to the nodes of a cluster that is up. The Python client needs
// python3 with pip on this machine.
func (s *Site) Clients(ctx context.Context, c kind.Cluster) (ClientImages, error) {
	origin, err := s.origin(ctx)
	if err != nil {
		return ClientImages{}, err
	}
	dir, err := os.MkdirTemp("", "clients-")
	if err != nil {
		return ClientImages{}, err
	}
	defer os.RemoveAll(dir)
	goClient, err := images.Build(ctx, s.run, s.module, dir, images.GoClient())
	if err != nil {
		return ClientImages{}, err
	}
	pythonClient, err := s.pythonClient(ctx, dir, origin)
	if err != nil {
		return ClientImages{}, err
	}
	for _, image := range []images.Built{goClient, pythonClient} {
		s.progress.Step("image %s", image.Ref)
		if err := s.provider.Load(ctx, c.Name, image.Ref, image.File); err != nil {
			return ClientImages{}, err
		}
	}
	return ClientImages{Go: goClient.Ref, Python: pythonClient.Ref}, nil
}

func (s *Site) pythonClient(ctx context.Context, dir string, origin kind.Origin) (images.Built, error) {
	client := images.PythonClient{Module: s.module, Cache: s.builder.Cache, Run: s.run}
	if origin == kind.Registry {
		return client.BuildOn(ctx, dir, images.PythonBase)
	}
	python, err := s.builder.Python(ctx)
	if err != nil {
		return images.Built{}, fmt.Errorf("image of the Python client: %w", err)
	}
	return client.Build(ctx, dir, python, offline.PythonProgram)
}
