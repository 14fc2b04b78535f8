package cli

import (
	"context"
	"encoding/json"
	"time"

	"memgraph-controller/controller/api"
)

// watchInterval is often enough to see a failover happen.
const watchInterval = 500 * time.Millisecond

type statusCommand struct {
	serverFlags
	Output string `help:"Form of the output: ${enum}." short:"o" enum:"table,json" default:"table"`
	Watch  bool   `help:"Show it again and again until interrupted." short:"w"`
}

// Run shows the status, once or until ctx ends.
func (c *statusCommand) Run(ctx context.Context, terminal *Terminal) error {
	client := c.client()
	status, err := client.Status(ctx)
	if err != nil {
		return c.explain(err)
	}
	show := c.shower(terminal)
	if err := show(status); err != nil || !c.Watch {
		return err
	}
	return c.watch(ctx, client, show)
}

// watch goes on after the first status. A controller that went away ends it: a
// picture that stands still would look like a cluster in which nothing happens.
func (c *statusCommand) watch(ctx context.Context, client api.Client, show func(api.Status) error) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		status, err := client.Status(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return c.explain(err)
		}
		if err := show(status); err != nil {
			return err
		}
	}
}

// shower returns what shows one status after the other.
func (c *statusCommand) shower(terminal *Terminal) func(api.Status) error {
	if c.Output == "json" {
		encoder := json.NewEncoder(terminal.Out)
		if !c.Watch { // with --watch one line is one status
			encoder.SetIndent("", "  ")
		}
		return func(status api.Status) error { return encoder.Encode(status) }
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
