package cli

import (
	"context"

	"memgraph-controller/controller/api"
)

type switchoverCommand struct {
	serverFlags
	waitFlags
	To string `help:"The instance to become main (default: the voter)." placeholder:"INSTANCE"`
}

// Run asks for the switchover and waits for it.
func (c *switchoverCommand) Run(ctx context.Context, terminal *Terminal) error {
	client := c.client()
	accepted, err := client.Switchover(ctx, api.SwitchoverRequest{Target: c.To, By: terminal.User})
	if err != nil {
		return c.explain(err)
	}
	return c.explain(c.follow(ctx, client, terminal, accepted))
}
