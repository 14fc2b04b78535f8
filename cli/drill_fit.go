package cli

import (
	"fmt"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// The faults of a drill.
const (
	killMain       = "kill-main"
	killVoter      = "kill-voter"
	killController = "kill-controller"
	switchOver     = "switchover"
)

const (
	// fewestInstances is how many there have to be so that writes go on without the
	// one that is killed: its successor needs a voter.
	fewestInstances = 3
	// fewestControllers is how many there have to be so that those that are left are a
	// majority.
	fewestControllers = 3
)

// unfit says why a fault would be a risk; empty where it is none, if disorder has
// nothing to say either: whatever is killed, everybody who takes its place is there and
// has every acknowledged write.
func unfit(status api.Status, fault string) string {
	r := status.Record
	switch {
	case r.Gate != topology.GateOpen || r.Plan != topology.PlanNone:
		return "writes: " + writes(status)
	case r.Request != nil:
		return fmt.Sprintf("a %s was asked for and has not happened yet", r.Request.Kind)
	}
	if why := nobodyFollows(status); why != "" {
		return "if the main were lost: " + why
	}
	if fault != switchOver && fault != killController && len(status.Instances) < fewestInstances {
		return fmt.Sprintf("with %d instances writes would wait until the one that is killed is back", len(status.Instances))
	}
	return unfitControllers(status, fault)
}

// disorder says which instance does not do what it is there for. That may pass: under
// load a replica falls behind for a moment.
func disorder(status api.Status) string {
	for _, i := range status.Instances {
		if !inOrder(status, i) {
			return fmt.Sprintf("not everybody is in order: %s: %s", i.Name, circumstances(status, i))
		}
	}
	return ""
}

// inOrder tells whether an instance does what it is there for. A replica that is
// receiving a write at this moment does, whatever its role.
func inOrder(status api.Status, i api.Instance) bool {
	busy := i.Name != status.Record.Main && i.Health == topology.HealthUp && i.Status == topology.StatusReplicating
	return (i.Ready || busy) && i.Clean && !i.Terminating && !i.Refused && i.Quarantined == nil
}

func unfitControllers(status api.Status, fault string) string {
	present := 0
	for _, c := range status.Controllers {
		switch {
		case c.Gone:
			continue
		case c.Silenced:
			return fmt.Sprintf("the gateways of controller %s are cut off", c.Name)
		case c.Applied < status.Record.Epoch:
			return fmt.Sprintf("the gateways of controller %s have not carried out epoch %d yet", c.Name, status.Record.Epoch)
		}
		present++
	}
	if fault == killController && present < fewestControllers {
		return fmt.Sprintf("with %d controllers those that are left would be no majority", present)
	}
	return ""
}
