package cli

import (
	"context"
	"fmt"
	"slices"

	"memgraph-controller/controller/api"
)

type failoverCommand struct {
	clusterFlags
	waitFlags
	To    string `help:"The instance to become main (default: the voter)." placeholder:"INSTANCE"`
	Force bool   `help:"Do it although the main still answers, or although acknowledged writes may be lost."`
	Yes   bool   `help:"Do not ask." short:"y"`
}

// Run says what would be lost, asks, and waits for the failover.
func (c *failoverCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.forChange(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	status, err := r.Status(ctx)
	if err != nil {
		return r.explain(err)
	}
	target, loses, err := c.preview(terminal, status)
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := terminal.confirm(fmt.Sprintf("Make %s the main?", target)); err != nil {
			return err
		}
	}
	accepted, err := r.Failover(ctx, api.FailoverRequest{
		Target: target, Force: c.Force, AcceptLoss: loses, By: terminal.User,
	})
	if err != nil {
		return r.explain(err)
	}
	return r.explain(c.follow(ctx, r.Client, terminal, accepted))
}

// preview prints what a failover would lose, and refuses to lose anything
// without --force.
func (c *failoverCommand) preview(terminal *Terminal, status api.Status) (target string, loses bool, err error) {
	target = c.To
	if target == "" {
		target = status.Record.Voter
	}
	if target == "" {
		return "", false, refusal{"no instance is known to hold every acknowledged write (there is no voter): " +
			"name one with --to, and see " + terminal.call("status") + " for how far each is behind"}
	}
	instance, err := instanceNamed(status, target)
	if err != nil {
		return "", false, err
	}
	loses = target != status.Record.Voter && target != status.Record.Main && target != status.Record.Heir
	if !loses {
		terminal.printf("Nothing is lost: %s holds every acknowledged write.\n", target)
		return target, false, nil
	}
	terminal.printf("%s\n", possibleLoss(instance, unreplicated(status)))
	if !c.Force {
		return "", false, refusal{fmt.Sprintf("%s may lack acknowledged writes: add --force to lose them", target)}
	}
	return target, true, nil
}

// possibleLoss says what is known of the writes that an instance lacks.
func possibleLoss(i api.Instance, unreplicated string) string {
	begin := fmt.Sprintf("%s is not the voter: acknowledged writes that it has not received are LOST for ever. ", i.Name)
	switch {
	case unreplicated != "":
		return begin + unreplicated + " What it wrote meanwhile is on no replica, whatever it says of them."
	case i.Mode == "":
		return begin + "The main does not list it as a replica, so nobody knows how many these are."
	case i.Behind == 0:
		return begin + "The main last called it in sync; what was written since may be missing."
	default:
		return begin + fmt.Sprintf("The main last saw it %d of the database's timestamps behind.", -i.Behind)
	}
}

// unreplicated says why what the main wrote is on no replica; empty where it is.
func unreplicated(status api.Status) string {
	for _, name := range []string{status.Record.Main, status.Record.From} {
		if i, err := instanceNamed(status, name); err == nil && i.Unreplicated != "" {
			return fmt.Sprintf("Main %s %s.", name, i.Unreplicated)
		}
	}
	return ""
}

// instanceNamed finds an instance, or says which there are.
func instanceNamed(status api.Status, name string) (api.Instance, error) {
	at := slices.IndexFunc(status.Instances, func(i api.Instance) bool { return i.Name == name })
	if at < 0 {
		return api.Instance{}, usageError{fmt.Errorf("there is no instance %q; there are %v", name, names(status.Instances))}
	}
	return status.Instances[at], nil
}

func names(instances []api.Instance) []string {
	var all []string
	for _, i := range instances {
		all = append(all, i.Name)
	}
	return all
}
