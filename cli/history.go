package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/controller/api"
)

type historyCommand struct {
	clusterFlags
	outputFlag
	ID string `arg:"" optional:"" help:"Show one failover with its phases and what was seen."`
}

// Run shows the failovers and planned changes that the controllers remember, oldest
// first, or one of them.
func (c *historyCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.reach(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	failovers, missing, err := r.history(ctx)
	if err != nil {
		return r.explain(err)
	}
	for _, m := range missing {
		fmt.Fprintf(terminal.Err, "%s\n", printable(m.Error()))
	}
	if c.ID != "" {
		at := slices.IndexFunc(failovers, func(f api.Failover) bool { return f.ID == c.ID })
		if at < 0 {
			return usageError{fmt.Errorf("no failover %q is remembered; %s lists them", c.ID, terminal.call("history"))}
		}
		failovers = failovers[at : at+1]
	}
	switch {
	case c.forMachines():
		return c.encode(terminal.Out, failovers, false)
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

// rememberedWithin bounds the question to each of the other controllers.
const rememberedWithin = 3 * time.Second

// history is what the controllers remember, oldest first. Each remembers what it saw
// since it started, and the one that led saw most: it is asked first, and the others
// for what was before it. missing are those that do not answer.
func (r *reached) history(ctx context.Context) (all []api.Failover, missing []error, err error) {
	all, err = r.Failovers(ctx)
	if err != nil || r.release == nil {
		return all, nil, err
	}
	for _, pod := range r.release.Ready() {
		if r.controller == pod.Name {
			continue
		}
		others, err := r.rememberedBy(ctx, pod)
		if err != nil {
			missing = append(missing, fmt.Errorf("what %s remembers is missing: %w", pod.Name, err))
		}
		all = merged(all, others)
	}
	return all, missing, nil
}

func (r *reached) rememberedBy(ctx context.Context, pod corev1.Pod) ([]api.Failover, error) {
	ctx, cancel := context.WithTimeout(ctx, rememberedWithin)
	defer cancel()
	other, _, err := (&clusterFlags{}).through(ctx, r.release, pod)
	if err != nil {
		return nil, err
	}
	defer other.close()
	return other.Failovers(ctx)
}

// merged adds what is not there yet.
func merged(failovers, more []api.Failover) []api.Failover {
	for _, f := range more {
		if !slices.ContainsFunc(failovers, func(known api.Failover) bool { return known.ID == f.ID }) {
			failovers = append(failovers, f)
		}
	}
	slices.SortStableFunc(failovers, func(a, b api.Failover) int { return a.Started.Compare(b.Started) })
	return failovers
}
