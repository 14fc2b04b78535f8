package node

import (
	"context"
	"fmt"
	"strings"

	"memgraph-controller/clusters/command"
)

// Init is the node's first process: its network is that of the node.
func (n Node) Init() Process { return Process{n, 1} }

// Pause stops every process of the node where it is, Unpause lets them go on.
func (n Node) Pause(ctx context.Context) error { return n.engine(ctx, "pause") }

// Unpause undoes Pause.
func (n Node) Unpause(ctx context.Context) error { return n.engine(ctx, "unpause") }

// Kill ends every process of the node at once, as if its power failed. Its disk
// stays.
func (n Node) Kill(ctx context.Context) error { return n.engine(ctx, "kill") }

// Start boots a node that was killed.
func (n Node) Start(ctx context.Context) error { return n.engine(ctx, "start") }

func (n Node) engine(ctx context.Context, verb string) error {
	_, err := command.Exec{}.Run(ctx, command.New("docker", verb, n.Name))
	return err
}

// Condition is what the container engine says of the node: running, paused,
// exited.
func (n Node) Condition(ctx context.Context) (string, error) {
	said, err := command.Exec{}.Run(ctx, command.New("docker", "inspect", "--format", "{{.State.Status}}", n.Name))
	if err != nil {
		return "", fmt.Errorf("condition of node %s: %w", n.Name, err)
	}
	return strings.TrimSpace(said), nil
}
