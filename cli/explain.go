package cli

import (
	"cmp"
	"context"
	"fmt"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

type explainCommand struct {
	clusterFlags
	Instance string `arg:"" optional:"" help:"Explain this instance alone."`
}

// Run prints what follows from the status, in sentences.
func (c *explainCommand) Run(ctx context.Context, terminal *Terminal) error {
	r, err := c.reach(ctx, terminal)
	if err != nil {
		return err
	}
	defer r.close()
	status, err := r.Status(ctx)
	if err != nil {
		return r.explain(err)
	}
	if c.Instance != "" {
		i, err := instanceNamed(status, c.Instance)
		if err != nil {
			return err
		}
		status.Instances = []api.Instance{i}
	} else {
		terminal.printf("Writes: %s\nNow: %s\nIf the main were lost: %s\n\n", printable(writes(status)), printable(status.Routing.Decision.Reason), printable(ifLost(status)))
	}
	for _, i := range status.Instances {
		terminal.printf("%s: %s\n", printable(i.Name), printable(circumstances(status, i)))
	}
	return nil
}

// writes says who may take them.
func writes(status api.Status) string {
	r := status.Record
	switch {
	case r.Gate == topology.GateOpen && r.Main != "":
		return fmt.Sprintf("they go to %s.", r.Main)
	case r.Heir != "":
		return fmt.Sprintf("they wait until %s is main (%s).", r.Heir, r.Plan)
	default:
		return fmt.Sprintf("they wait: the gate is %s (%s).", cmp.Or(string(r.Gate), "unknown"), cmp.Or(string(r.Plan), "no plan"))
	}
}

// ifLost says who would follow the main, or why nobody would.
func ifLost(status api.Status) string {
	r := status.Record
	if why := nobodyFollows(status); why != "" {
		return why
	}
	follows := fmt.Sprintf("%s would follow, with every acknowledged write.", r.Voter)
	if voter, err := instanceNamed(status, r.Voter); err == nil && !voter.Clean {
		follows += " It restarted in this database epoch, so it may have to be restarted once more."
	}
	return follows
}

// nobodyFollows says why nobody would follow the main if it were lost; empty where
// somebody would.
func nobodyFollows(status api.Status) string {
	r := status.Record
	voter, missing := instanceNamed(status, r.Voter)
	main, _ := instanceNamed(status, r.Main)
	switch {
	case r.Main == "":
		return "there is none at this moment."
	case status.Paused != nil:
		return fmt.Sprintf("nothing would be done: automatic actions are paused until %s.", status.Paused.Until.UTC().Format("15:04:05Z"))
	case status.Leader == "":
		return "nothing would be done: no controller leads."
	case main.Unreplicated != "":
		return fmt.Sprintf("nobody could follow without loss, because %s %s, and what it wrote is on no replica; writes would wait for its return.", r.Main, main.Unreplicated)
	case r.Voter == "":
		return "nobody could follow without loss, because there is no voter; writes would wait for its return."
	case missing != nil || voter.Health != topology.HealthUp:
		return fmt.Sprintf("nobody could follow while voter %s does not answer.", r.Voter)
	case voter.Unreplicated != "":
		return fmt.Sprintf("nobody could follow: voter %s %s, so its data may not be what they seem.", r.Voter, voter.Unreplicated)
	}
	if voted := r.Members[r.Voter].Voted; voted != "" && voted != voter.Process {
		return fmt.Sprintf("%s could not follow: it restarted and may lack the last acknowledged write, until it has voted again.", r.Voter)
	}
	return ""
}

// circumstances say what an instance is there for, and what keeps it from that.
func circumstances(status api.Status, i api.Instance) string {
	text := "replica"
	switch i.Name {
	case status.Record.Main:
		text = "main"
	case status.Record.Heir:
		text = "to be main"
	case status.Record.Voter:
		text = "voter"
	}
	if i.Health != topology.HealthUp {
		text += fmt.Sprintf(", %s", cmp.Or(i.Health, topology.HealthUnknown))
	}
	if i.Mode != "" {
		text += fmt.Sprintf(", %s at its main", cmp.Or(i.Status, topology.StatusPhantom))
		if i.Behind < 0 {
			text += fmt.Sprintf(" and %d timestamps behind", -i.Behind)
		}
	}
	if i.InReadPool {
		text += "; reads go to it."
	} else {
		text += fmt.Sprintf("; no reads: %s.", cmp.Or(i.OutOfPool, "there is no read gateway here"))
	}
	switch {
	case i.Quarantined != nil:
		text += fmt.Sprintf(" Its data are set aside: %s.", i.Quarantined.Reason)
	case i.Refused:
		text += " Its main refuses its data as diverged."
	case i.Terminating:
		text += " It is being stopped."
	case !i.Clean && i.Name != status.Record.Main:
		text += " It restarted in this database epoch and would refuse the others as main; a new epoch mends that."
	}
	if i.Unreplicated != "" {
		text += fmt.Sprintf(" What it writes reaches no replica: it %s.", i.Unreplicated)
	}
	for _, warning := range i.Warnings {
		text += fmt.Sprintf(" Unsafe setting: %s.", warning)
	}
	return text
}
