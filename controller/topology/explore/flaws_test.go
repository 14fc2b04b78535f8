package explore

import (
	"maps"

	"memgraph-controller/controller/topology"
)

// withoutWaiting takes every gateway for one that has carried the record out.
func withoutWaiting(r topology.Record, v topology.View) (topology.Record, topology.View) {
	gateways := map[string]topology.Gateway{}
	for name, g := range v.Gateways {
		g.Epoch = r.Epoch
		gateways[name] = g
	}
	v.Gateways = gateways
	return r, v
}

// withoutOtherMains does not ask, while there is no main, who else says it is one.
func withoutOtherMains(r topology.Record, v topology.View) (topology.Record, topology.View) {
	return r, changed(v, func(i *topology.Instance) {
		if r.Main == "" && i.Name != r.Heir && i.Answer.Role == topology.RoleMain {
			i.Health, i.Answer = topology.HealthSuspect, topology.Answer{}
		}
	})
}

// withTrust forgets which process of a voter has voted.
func withTrust(r topology.Record, v topology.View) (topology.Record, topology.View) {
	r.Members = maps.Clone(r.Members)
	for name, m := range r.Members {
		m.Voted = ""
		r.Members[name] = m
	}
	return r, v
}

// withMarks takes the marker transaction for done.
func withMarks(r topology.Record, v topology.View) (topology.Record, topology.View) {
	return r, changed(v, func(i *topology.Instance) { i.Marked = r.Reign })
}

func changed(v topology.View, change func(*topology.Instance)) topology.View {
	instances := map[string]topology.Instance{}
	for name, i := range v.Instances {
		change(&i)
		instances[name] = i
	}
	v.Instances = instances
	return v
}

// dropFirst lets the main lose its voter while the record still names it.
func dropFirst(r topology.Record, v topology.View, step topology.Step, p topology.Policy) topology.Step {
	next := step.Record
	if step.Do != topology.ActSave || r.Voter == "" || next.Voter != "" || next.Main != r.Main || r.Plan != topology.PlanVoter {
		return step
	}
	next.Epoch = r.Epoch
	if then, _ := topology.Next(next, v, p, noon); then.Target == r.Voter {
		return then
	}
	return step
}

// crownAtOnce begins a refresh with the end of the main's reign instead of a pause.
func crownAtOnce(r topology.Record, v topology.View, step topology.Step, _ topology.Policy) topology.Step {
	next := &step.Record
	if step.Do != topology.ActSave || next.Plan != topology.PlanRefresh || next.Main == "" {
		return step
	}
	next.Main, next.Heir, next.From = "", r.Main, r.Main
	next.Reign++
	for name, i := range v.Instances {
		if i.Health == topology.HealthUp {
			next.Members[name] = topology.Member{Process: i.Process, Reign: next.Reign, Voted: r.Members[name].Voted}
		}
	}
	return step
}
