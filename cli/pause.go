package cli

import (
	"context"
	"time"

	"memgraph-controller/controller/api"
)

type pauseCommand struct {
	serverFlags
	For time.Duration `help:"How long, such as 10m; at most 24h." xor:"length" required:""`
	Off bool          `help:"Resume now." xor:"length" required:""`
}

// Run pauses or resumes.
func (c *pauseCommand) Run(ctx context.Context, terminal *Terminal) error {
	accepted, err := c.client().Pause(ctx, api.PauseRequest{For: api.Period(c.For), By: terminal.User})
	if err != nil {
		return c.explain(err)
	}
	terminal.printf("%s\n", accepted.Message)
	return nil
}
