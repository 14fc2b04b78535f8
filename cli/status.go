package cli

import (
	"context"
	"time"

	"memgraph-controller/controller/api"
)

// watchInterval is often enough to see a failover happen.
const watchInterval = 500 * time.Millisecond

type statusCommand struct {
	clusterFlags
	outputFlag
	Watch bool `help:"Show it again and again until interrupted." short:"w"`
}

// Run shows the status, once or until ctx ends.
func (c *statusCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.reach(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	status, err := r.Status(ctx)
	if err != nil {
		return r.explain(err)
	}
	show := c.shower(terminal)
	if err := show(status); err != nil || !c.Watch {
		return err
	}
	return c.watch(ctx, r, show)
}

// watch goes on after the first status. A controller that went away ends it: a
// picture that stands still would look like a cluster in which nothing happens.
func (c *statusCommand) watch(ctx context.Context, r *reached, show func(api.Status) error) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		status, err := r.Status(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return r.explain(err)
		}
		if err := show(status); err != nil {
			return err
		}
	}
}

// shower returns what shows one status after the other.
func (c *statusCommand) shower(terminal *Terminal) func(api.Status) error {
	if c.forMachines() {
		return func(status api.Status) error { return c.encode(terminal.Out, status, c.Watch) }
	}
	if c.Watch {
		screen := NewScreen(terminal)
		return func(status api.Status) error {
			screen.Show(status)
			return nil
		}
	}
	return func(status api.Status) error {
		terminal.printf("%s", Table{Width: terminal.width(), Colour: terminal.Colour}.Draw(status))
		return nil
	}
}
