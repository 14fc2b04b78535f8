package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/workload"
)

// Promise is what clients are promised in a scenario, besides that no
// acknowledged write is lost, none is invented, and all instances end equal.
type Promise struct {
	// Gap is the longest time without an acknowledged write in any round, and
	// Median the same for the median of the rounds; 0: not promised.
	Gap, Median time.Duration
	// Connections: every new connection is served.
	Connections bool
	// Errors: managed transactions show none to anybody.
	NoErrors bool
	// NoReseed: no instance is refused, quarantined or reseeded.
	NoReseed bool
}

// Judge ends the clients and compares what they saw, and what the databases hold
// now, with the promise.
func (l *Load) Judge(ctx context.Context, p Promise) workload.History {
	s := l.s
	s.Helper()
	l.witness.stop()
	history, err := l.clients.Stop(ctx)
	require.NoError(s, err)
	s.Logf("clients:\n%s", history.Summary())
	s.Count("writes acknowledged", history.Acknowledged())
	s.Count("writes unknown", history.Unknown())
	s.Count("reads", len(history.Reads))
	s.Count("reads failed in a row", history.ReadsFailedInARow())
	s.Count("new connections", len(history.Connections))
	s.result.Errors = history.Errors()
	s.Logf("errors at clients: %v", history.Errors())
	s.Measure("write gap", l.gaps)
	s.holds(ctx, history)
	if p.Gap > 0 {
		assert.LessOrEqual(s, l.gaps.Max(), p.Gap, "longest time without an acknowledged write")
	}
	if p.Median > 0 && s.Full { // it is promised over the full number of rounds
		assert.LessOrEqual(s, l.gaps.Quantile(0.5), p.Median, "median of the times without an acknowledged write")
	}
	if p.Connections {
		assert.Empty(s, failures(history), "new connections that were not served")
	}
	if p.NoErrors {
		assert.Empty(s, history.ManagedErrors(), "errors of managed transactions")
	}
	if p.NoReseed {
		assert.Empty(s, append(l.witness.reseeds(), s.reseedsSince(ctx, l.began)...), "instances whose data did not count")
	}
	return history
}

// failures describes the new connections that were not served.
func failures(history workload.History) (list []string) {
	for _, c := range history.FailedConnections() {
		list = append(list, fmt.Sprintf("%s to %s at %s: %s", c.Start.Format(time.TimeOnly), c.End.Format(time.TimeOnly), c.Gateway, c.Err))
	}
	return list
}

// holds checks that the main holds every acknowledged write and nothing that was
// never attempted, and that every other instance comes to hold the same.
func (s *Scenario) holds(ctx context.Context, history workload.History) {
	s.Helper()
	status := s.Whole(ctx, s)
	held, err := s.IDs(ctx, status.Record.Main)
	require.NoError(s, err)
	require.NoError(s, history.Check(held), "main %s", status.Record.Main)
	for _, i := range status.Instances {
		require.NoError(s, s.AwaitEqual(ctx, i.Name, held))
	}
}

// equalWithin is how long a replica may take to hold what the main does once nobody
// writes.
const equalWithin = 30 * time.Second

// AwaitEqual waits until an instance holds what its main was seen to hold.
func (r *Release) AwaitEqual(ctx context.Context, instance string, held []int64) error {
	return Await(ctx, instance+" holds the same as the main", equalWithin, func(ctx context.Context) error {
		ids, err := r.IDs(ctx, instance)
		if err == nil && !slices.Equal(ids, held) {
			err = fmt.Errorf("it holds %d ids, the main %d, and they differ", len(ids), len(held))
		}
		return err
	})
}

// IDs reads what an instance holds, past the gateways.
func (r *Release) IDs(ctx context.Context, pod string) ([]int64, error) {
	tunnel, err := r.Tunnel(ctx, pod, boltPort)
	if err != nil {
		return nil, err
	}
	defer tunnel.Close()
	return workload.IDs(ctx, tunnel.Address)
}

// reseedsSince lists the orders to start with an empty directory that controllers
// left for database pods since a time. They stay where they were left.
func (s *Scenario) reseedsSince(ctx context.Context, since time.Time) (list []string) {
	s.Helper()
	orders, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Get(ctx, s.StatefulSet+"-orders", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(s, err)
	for name, text := range orders.Data {
		var order struct {
			Do, Reason string
			At         time.Time
		}
		require.NoError(s, json.Unmarshal([]byte(text), &order), "order to %s", name)
		if order.Do == "reseed" && order.At.After(since) {
			list = append(list, fmt.Sprintf("%s was reseeded: %s", name, order.Reason))
		}
	}
	return list
}
