package kube

import (
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

// phasesOf is how long each phase took of the failovers of a kind that began
// after since.
func phasesOf(failovers []api.Failover, kind api.FailoverKind, since time.Time) map[string]workload.Distribution {
	phases := map[string]workload.Distribution{}
	for _, f := range failovers {
		if f.Kind != kind || f.Started.Before(since) {
			continue
		}
		for _, p := range f.Phases {
			phases[string(p.Name)] = append(phases[string(p.Name)], time.Duration(p.Duration))
		}
	}
	return phases
}
