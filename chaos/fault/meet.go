package fault

import (
	"context"
	"fmt"

	"memgraph-controller/controller/api"
)

// meet has the main and the leading controller on one node before another fault.
type meet struct {
	Fault
	target Target
	move   func(ctx context.Context, to string) error
}

// WhereLeaderIs prepares a fault so that the main is on the node of the leading
// controller: move is asked to make the instance of that node the main. The fault
// is prepared after that.
func WhereLeaderIs(t Target, f Fault, move func(ctx context.Context, to string) error) Fault {
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
		if err := m.move(ctx, to); err != nil {
			return err
		}
		if err := m.arrived(ctx, to); err != nil {
			return err
		}
	}
	return m.Fault.Prepare(ctx)
}

// arrived waits until an instance is main.
func (m *meet) arrived(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	for {
		status, err := m.target.Status(ctx)
		if err == nil && isMain(status, name) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s did not become the main: %w", name, context.Cause(ctx))
		}
		wait(ctx, lookEvery)
	}
}

func isMain(s api.Status, name string) bool { return s.Record.Main == name }
