package cli

import (
	"context"
	"errors"
	"time"

	"memgraph-controller/controller/api"
)

type pauseCommand struct {
	clusterFlags
	For time.Duration `help:"How long, such as 10m; at most 24h."`
}

// Validate insists on a length: a pause that nobody ends is a cluster without
// failover.
func (c *pauseCommand) Validate() error {
	if c.For <= 0 {
		return errors.New("say how long with --for, such as --for 10m")
	}
	return c.clusterFlags.Validate()
}

// Run pauses.
func (c *pauseCommand) Run(ctx context.Context, terminal *Terminal) error {
	return c.pause(ctx, terminal, c.For)
}

type resumeCommand struct{ clusterFlags }

// Run ends a pause.
func (c *resumeCommand) Run(ctx context.Context, terminal *Terminal) error {
	return c.pause(ctx, terminal, 0)
}

// pause pauses for a time; 0 resumes.
func (f *clusterFlags) pause(ctx context.Context, terminal *Terminal, length time.Duration) error {
	r, err := f.forChange(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	accepted, err := r.Pause(ctx, api.PauseRequest{For: api.Period(length), By: terminal.User})
	if err != nil {
		return r.explain(err)
	}
	terminal.printf("%s\n", accepted.Message)
	return nil
}
