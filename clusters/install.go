package clusters

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Release is the name of the chart's release, and of its namespace, in the clusters
// of this package: the names of its objects begin with it.
const Release = "memgraph"

// Values are what the chart needs to run in a cluster of this package: its images,
// and requests that let three of everything fit on a small machine. There are no
// limits of CPU, which would be measured instead of the programs.
func (i Images) Values() helm.Values {
	requests := func(cpu, memory string) helm.Values {
		return helm.Values{"requests": helm.Values{"cpu": cpu, "memory": memory}}
	}
	return helm.Values{
		"image":      helm.Image(i.Controller),
		"controller": helm.Values{"resources": requests("50m", "48Mi")},
		"memgraph": helm.Values{
			"image":     helm.Image(i.Database),
			"storage":   helm.Values{"size": "1Gi"},
			"resources": requests("50m", "128Mi"),
		},
	}
}

// NodePorts are the values with which the release is reached from this machine, at
// the ports of its cluster.
func NodePorts() helm.Values {
	at := func(port int) helm.Values {
		return helm.Values{"service": helm.Values{"type": "NodePort", "nodePort": port}}
	}
	return helm.Values{"writeGateway": at(kind.WriteNodePort), "readGateway": at(kind.ReadNodePort), "http": at(kind.HTTPNodePort)}
}

// Chart is the folder of the chart in the sources.
func (s *Site) Chart() string { return filepath.Join(s.module, "charts", "memgraph-controller") }

// Install installs the chart, or upgrades it, and returns when it serves.
func (s *Site) Install(ctx context.Context, c kind.Cluster, images Images) error {
	program, err := helm.Find(os.Getenv, s.module, c.Kubeconfig)
	if err != nil {
		return err
	}
	if c.Kubeconfig == "" {
		if err := s.provider.Select(c); err != nil {
			return err
		}
	}
	s.progress.Step("install the chart")
	if err := program.Upgrade(ctx, Release, Release, s.Chart(), helm.Merged(images.Values(), NodePorts())); err != nil {
		return err
	}
	if err := serves(ctx, c); err != nil {
		return err
	}
	s.progress.Step("it serves")
	return nil
}

// serves waits until clients can write: helm does not wait for pods whose updates are left
// to the controller.
func serves(ctx context.Context, c kind.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, servesWithin)
	defer cancel()
	controller := api.Client{Base: "http://" + c.At(kind.HTTPNodePort)}
	for {
		status, err := controller.Status(ctx)
		if err == nil && status.Record.Gate == topology.GateOpen {
			return nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("no instance takes writes within %s: %s: %w", servesWithin, status.Routing.Decision.Reason, errors.Join(err, ctx.Err()))
		}
	}
}

// servesWithin is how long a first start may take, images of a registry included.
const servesWithin = 6 * time.Minute

// Welcome says on out where the release is reached, and how to break it.
func Welcome(out io.Writer, c kind.Cluster) {
	fmt.Fprintf(out, `
writes    bolt://%[1]s
reads     bolt://%[2]s
status    http://%[3]s

look      kubectl -n %[4]s get pods,events
          kubectl -n %[4]s exec deploy/%[4]s-controller -- /memgraph-controller status
break it  kubectl -n %[4]s delete pod %[4]s-0 --force --grace-period=0
          kubectl -n %[4]s rollout restart statefulset/%[4]s
          kubectl -n %[4]s exec deploy/%[4]s-controller -- /memgraph-controller switchover
end       make down
`, c.At(kind.WriteNodePort), c.At(kind.ReadNodePort), c.At(kind.HTTPNodePort), Release)
}
