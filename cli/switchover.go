package cli

import (
	"context"

	"memgraph-controller/controller/api"
)

type switchoverCommand struct {
	clusterFlags
	waitFlags
	To string `help:"The instance to become main (default: the voter)." placeholder:"INSTANCE"`
}

// Run asks for the switchover and waits for it.
func (c *switchoverCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.forChange(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	accepted, err := r.Switchover(ctx, api.SwitchoverRequest{Target: c.To, By: terminal.User})
	if err != nil {
		return r.explain(err)
	}
	return r.explain(c.follow(ctx, r.Client, terminal, accepted))
}
