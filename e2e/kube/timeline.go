package kube

import (
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

// phasesOf is how long each phase took of the failovers that began after since,
// by kind and phase: what a scenario does to a main does not settle how the
// leader replaces it. A pod that is deleted by force often lives long enough
// for a switchover.
func phasesOf(failovers []api.Failover, since time.Time) map[string]workload.Distribution {
	phases := map[string]workload.Distribution{}
	for _, f := range failovers {
		if f.Started.Before(since) {
			continue
		}
		for _, p := range f.Phases {
			name := string(f.Kind) + " " + string(p.Name)
			phases[name] = append(phases[name], time.Duration(p.Duration))
		}
	}
	return phases
}
