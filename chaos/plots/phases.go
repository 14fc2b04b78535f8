package plots

import (
	"cmp"
	"maps"
	"slices"

	"memgraph-controller/controller/api"
)

// phaseOrder is the order in which phases usually come.
func phaseOrder() []api.PhaseName {
	return []api.PhaseName{
		api.PhaseDetect, api.PhaseFence, api.PhaseDemote, api.PhasePromote,
		api.PhaseRegister, api.PhaseVoter, api.PhaseRoute, api.PhaseFirstWrite,
	}
}

// phase is one part of all changes of a kind.
type phase struct {
	kind, name string
	values     distribution
}

func (p phase) title() string { return p.kind + ": " + p.name }

// phasesOf are the phases of all changes of the main, by kind and in their usual
// order: what a fault does to a main does not settle how it is replaced.
func phasesOf(rounds []Round) []phase {
	byTitle := map[string]phase{}
	for _, r := range rounds {
		for _, f := range r.Failovers {
			for name, took := range f.Phases {
				p := phase{kind: f.Kind, name: name}
				p.values = append(byTitle[p.title()].values, took)
				byTitle[p.title()] = p
			}
		}
	}
	phases := slices.Collect(maps.Values(byTitle))
	slices.SortFunc(phases, func(a, b phase) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.place(), b.place()), cmp.Compare(a.name, b.name))
	})
	for _, p := range phases {
		slices.Sort(p.values)
	}
	return phases
}

// place is that in the usual order; one that is not known comes last.
func (p phase) place() int {
	order := phaseOrder()
	if at := slices.Index(order, api.PhaseName(p.name)); at >= 0 {
		return at
	}
	return len(order)
}
