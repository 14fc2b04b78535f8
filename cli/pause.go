package cli

import (
	"context"
	"errors"
	"time"

	"memgraph-controller/controller/api"
)

type pauseCommand struct {
	serverFlags
	For time.Duration `help:"How long, such as 10m; at most 24h." xor:"length"`
	Off bool          `help:"Resume now." xor:"length"`
}

// Validate insists on one of the two: neither pausing nor resuming is what
// happens by default.
func (c *pauseCommand) Validate() error {
	if !c.Off && c.For <= 0 {
		return errors.New("say how long with --for, such as --for 10m, or --off to resume")
	}
	return nil
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
