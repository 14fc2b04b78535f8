package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/clusters/kind"
)

// version is the release of Chaos Mesh whose chart is installed, and whose
// definitions the objects here are held against.
const version = "2.8.3"

// Release is the name of Chaos Mesh's release, and of its namespace.
const Release = "chaos-mesh"

// ErrUnavailable is wrapped by the error of an installation that is not tried, in a
// place without an image registry.
var ErrUnavailable = errors.New("Chaos Mesh cannot be installed here, native faults are used instead")

// Install installs Chaos Mesh by its chart, or upgrades it, and returns when it is
// ready on every node. getenv and client are asked where images come from, as for
// everything else in a cluster (package kind).
func Install(ctx context.Context, program helm.Helm, getenv func(string) string, client *http.Client) error {
	origin, why, err := kind.Detect(ctx, getenv, client)
	if err != nil {
		return err
	}
	if origin != kind.Registry {
		return fmt.Errorf("%w: images are built on this machine (%s)", ErrUnavailable, why)
	}
	chart := helm.Published{Repository: "https://charts.chaos-mesh.org", Name: "chaos-mesh", Version: version}
	return program.UpgradePublished(ctx, Release, Release, chart, values())
}

// values fit the chart to a small kind cluster: nodes run containerd, and one
// controller is enough for one suite. Nobody looks at its dashboard or asks its DNS
// server. What a failing pod runs is Kubernetes' own pause: the chart's is in a
// registry that Kubernetes has left.
func values() helm.Values {
	off := helm.Values{"create": false}
	return helm.Values{
		"chaosDaemon": helm.Values{"runtime": "containerd", "socketPath": "/run/containerd/containerd.sock"},
		"controllerManager": helm.Values{
			"replicaCount":   1,
			"leaderElection": helm.Values{"enabled": false},
			"podChaos":       helm.Values{"podFailure": helm.Values{"pauseImage": "registry.k8s.io/pause:3.10.1"}},
		},
		"dashboard": off,
		"dnsServer": off,
	}
}
