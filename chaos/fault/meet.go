package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// meet has the main and the leading controller on one node before another fault.
type meet struct {
	Fault
	target Target
	move   Move
}

// Move asks for a planned change: another instance is to become the main.
type Move func(ctx context.Context, to string) error

// moveWithin is how long a change may be refused, as while the instance restarts.
const moveWithin = 90 * time.Second

// until asks again and again until an instance is main.
func (m Move) until(ctx context.Context, t Target, to string) error {
	ctx, cancel := context.WithTimeout(ctx, moveWithin)
	defer cancel()
	for {
		status, err := t.Status(ctx)
		if err == nil && status.Record.Main == to {
			return nil
		}
		if err == nil && fit(status, to) {
			err = m(ctx, to)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s did not become the main: %w", to, errors.Join(err, context.Cause(ctx)))
		}
		wait(ctx, time.Second)
	}
}

// WhereLeaderIs prepares a fault so that the main is on the node of the leading
// controller: move is asked to make the instance of that node the main. The fault
// is prepared after that.
func WhereLeaderIs(t Target, f Fault, move Move) Fault {
	return &meet{f, t, move}
}

func (m *meet) Name() string { return m.Fault.Name() + ", which is the leader's" }

func (m *meet) Prepare(ctx context.Context) error {
	leader, _, err := m.target.one(ctx, Leader)
	if err != nil {
		return err
	}
	main, _, err := m.target.one(ctx, Main)
	if err != nil {
		return err
	}
	if main.Spec.NodeName != leader.Spec.NodeName {
		databases, err := m.target.Pods(ctx, m.target.Databases)
		if err != nil {
			return err
		}
		to := ""
		for _, p := range databases {
			if p.Spec.NodeName == leader.Spec.NodeName {
				to = p.Name
			}
		}
		if to == "" {
			return fmt.Errorf("there is no database on node %s of leader %s", leader.Spec.NodeName, leader.Name)
		}
		if err := m.move.until(ctx, m.target, to); err != nil {
			return err
		}
	}
	return m.Fault.Prepare(ctx)
}

// fit tells whether an instance can become the main: each request that is given up
// again costs clients a pause.
func fit(s api.Status, name string) bool {
	if s.Record.Request != nil || s.Record.Gate != topology.GateOpen {
		return false
	}
	for _, i := range s.Instances {
		synced := i.Status == topology.StatusReady || i.Status == topology.StatusReplicating
		if i.Name == name {
			return i.Health == topology.HealthUp && synced && i.Clean
		}
	}
	return false
}
