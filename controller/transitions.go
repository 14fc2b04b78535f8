package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// transitionsKept bounds the memory of past transitions.
const transitionsKept = 50

// transition keeps a line for people. It belongs to the loop.
func (c *Controller) transition(kind api.TransitionKind, format string, args ...any) {
	c.transitions = append(c.transitions, api.Transition{Time: c.config.Now(), Kind: kind, Text: fmt.Sprintf(format, args...)})
	if extra := len(c.transitions) - transitionsKept; extra > 0 {
		c.transitions = append([]api.Transition(nil), c.transitions[extra:]...)
	}
}

// tellOfMembers keeps lines of what changed in the record besides its epoch.
func (c *Controller) tellOfMembers(before, after topology.Record) {
	for _, name := range slices.Sorted(maps.Keys(after.Members)) {
		was, is := before.Members[name].Quarantined, after.Members[name].Quarantined
		if m := after.Members[name]; m.WroteAlone() && !before.Members[name].WroteAlone() {
			c.transition(api.TransitionUnreplicated, "%s runs with %s: what it writes reaches no replica, and nobody follows it by itself", name, m.Unreplicated.Reason)
		}
		switch {
		case was == nil && is != nil:
			c.transition(api.TransitionQuarantined, "the data of %s are set aside and it is reseeded: %s", name, is.Reason)
		case was != nil && is == nil:
			c.transition(api.TransitionRejoined, "%s was reseeded and is registered again", name)
		}
	}
}

// gaveUp tells whether what a person asked for is forgotten and was not done.
func gaveUp(before, after topology.Record) bool {
	same := after.Main == before.Main && after.Heir == before.Heir
	return before.Request != nil && after.Request == nil && same && after.Gate == topology.GateOpen
}

// kindOf names a change of the record's epoch.
func kindOf(before, after topology.Record) api.TransitionKind {
	switch {
	case gaveUp(before, after):
		return api.TransitionGivenUp
	case after.Gate == topology.GateOpen && before.Gate != topology.GateOpen && before.Plan != topology.PlanNone:
		return planned(before.Plan, "Done")
	case after.Gate != topology.GateOpen && after.Plan != before.Plan && after.Plan != topology.PlanNone:
		return planned(after.Plan, "Begun")
	case after.Voter != before.Voter:
		return api.TransitionVoter
	}
	return api.TransitionEpoch
}

// planned is, for instance, FailoverBegun.
func planned(plan topology.Plan, stage string) api.TransitionKind {
	return api.TransitionKind(strings.ToUpper(string(plan[:1])) + string(plan[1:]) + stage)
}
