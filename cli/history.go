package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/api"
)

type historyCommand struct {
	serverFlags
	ID     string `arg:"" optional:"" help:"Show one failover with its phases and what was seen."`
	Output string `help:"Form of the output: ${enum}." short:"o" enum:"table,json" default:"table"`
}

// Run shows the failovers and planned changes that the controller remembers, oldest
// first, or one of them.
func (c *historyCommand) Run(ctx context.Context, terminal *Terminal) error {
	failovers, err := c.client().Failovers(ctx)
	if err != nil {
		return c.explain(err)
	}
	if c.ID != "" {
		at := slices.IndexFunc(failovers, func(f api.Failover) bool { return f.ID == c.ID })
		if at < 0 {
			return usageError{fmt.Errorf("no failover %q is remembered; 'memgraph-controller history' lists them", c.ID)}
		}
		failovers = failovers[at : at+1]
	}
	switch {
	case c.Output == "json":
		encoder := json.NewEncoder(terminal.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(failovers)
	case c.ID != "":
		terminal.printf("%s", account(failovers[0]))
	case len(failovers) == 0:
		terminal.printf("No failover or planned change is remembered.\n")
	default:
		page := &canvas{}
		page.grid(historyGrid(failovers))
		terminal.printf("%s", page.out.String())
	}
	return nil
}

func historyGrid(failovers []api.Failover) grid {
	g := grid{right: map[int]bool{6: true}, rows: [][]span{header("ID", "STARTED", "KIND", "REASON", "MAIN", "RESULT", "TOOK")}}
	for _, f := range failovers {
		g.rows = append(g.rows, []span{
			{text: printable(f.ID)}, {text: f.Started.UTC().Format(time.RFC3339)}, {text: string(f.Kind)}, {text: printable(f.Reason)},
			{text: printable(change(f))}, {text: result(f)}, {text: took(f)},
		})
	}
	return g
}

// change is who was main before and after.
func change(f api.Failover) string {
	if f.To == "" || f.To == f.From {
		return f.From
	}
	return f.From + " -> " + f.To
}

func result(f api.Failover) string {
	if f.Running() {
		return "running"
	}
	return string(f.Result)
}

func took(f api.Failover) string {
	if f.Running() {
		return "-"
	}
	return short(f.Finished.Sub(f.Started))
}

// account is all that is known of one failover.
func account(f api.Failover) string {
	text := fmt.Sprintf("%s (%s), %s: %s, %s\n", f.Kind, printable(f.Reason), printable(change(f)), result(f), took(f))
	if f.Detail != "" {
		text += printable(f.Detail) + "\n"
	}
	for _, seen := range f.Evidence {
		text += "  seen: " + printable(seen) + "\n"
	}
	for _, phase := range f.Phases {
		text += fmt.Sprintf("  %s  %-11s %s\n", phase.Started.UTC().Format("15:04:05.000"), phase.Name, short(time.Duration(phase.Duration)))
	}
	return text + fmt.Sprintf("  %d sessions were cut, %d connections waited\n", f.SessionsCut, f.Held)
}
