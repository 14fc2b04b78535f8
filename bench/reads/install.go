package reads

import (
	"context"
	"fmt"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/e2e/kube"
)

// limitMillis is the limit of CPU of an instance, in thousandths of a core. Five instances
// at their limit use half a core, clients and gateways about as much and Kubernetes a third
// of one: two cores have time left, so that an instance is what saturates and not the
// machine.
const limitMillis = 100

// limited is the chart's values for the bench. Requests and limits are equal, so that
// no instance gets more of the machine than another one. A database that is held at its
// limit answers questions late on purpose: the patient preset takes that for no failure.
func limited() helm.Values {
	cpu := fmt.Sprintf("%dm", limitMillis)
	return helm.Values{
		"controller": helm.Values{"detection": "patient"},
		"memgraph": helm.Values{"resources": helm.Values{
			"requests": helm.Values{"cpu": cpu}, "limits": helm.Values{"cpu": cpu},
		}},
	}
}

// resize has the release run a main and so many replicas, and returns when it is whole.
func resize(ctx context.Context, r *kube.Release, replicas int) error {
	if err := r.Install(ctx, helm.Values{"memgraph": helm.Values{"replicas": replicas + 1}}); err != nil {
		return fmt.Errorf("a main and %d replicas: %w", replicas, err)
	}
	_, err := r.AwaitWhole(ctx)
	return err
}
