package topology

import (
	"slices"
	"strings"
)

// bootstrap makes the first record: of empty instances, of one instance with
// data beside empty ones, or of a cluster that somebody set up by hand. An
// instance that does not answer may hold the data, so all of them must. Where
// two instances hold data that are not main and replica of one another nobody
// but a person can choose.
func (s situation) bootstrap() *decision {
	names := s.names
	if len(names) == 0 {
		return wait("there are no instances yet")
	}
	if req := s.r.Request; req != nil && req.Force && s.get(req.Target).up() {
		return s.found(req.Target, "a person chose it: data of the others will be set aside")
	}
	var data, mains []string
	for _, n := range names {
		i := s.get(n)
		if !i.up() || !i.StorageKnown {
			return wait("no record yet, and %s does not answer: it may hold the data. Start it, or choose with `failover --force --to INSTANCE`", n)
		}
		if !i.Empty {
			data = append(data, n)
			if i.is(RoleMain) {
				mains = append(mains, n)
			}
		}
	}
	switch {
	case len(data) == 0:
		return s.found(s.firstOf(names), "all instances are empty")
	case len(mains) == 1 && s.feedsAll(mains[0], data):
		return s.adopt(mains[0])
	case len(data) == 1:
		return s.found(data[0], "it alone holds data")
	}
	return wait("no record yet, and %s all hold data: choose the one to keep with `failover --force --to INSTANCE` (the data of the others are set aside, not deleted)",
		strings.Join(data, ", "))
}

// firstOf is the first whose writes would reach the others, if there is one.
func (s situation) firstOf(names []string) string {
	well := slices.IndexFunc(names, func(name string) bool { return s.unreplicated(s.get(name)) == "" })
	return names[max(0, well)]
}

// found makes name the first main: promoted anew, so that its epoch is known to
// be clean.
func (s situation) found(name, why string) *decision {
	d := s.crown(name, PlanBootstrap, GateClosed, "%s becomes the first main: %s", name, why)
	d.step.Record.Database = s.get(name).Database
	return d
}

// feedsAll: every other instance with data is registered at main, which is the only
// one with data that says it is main.
func (s situation) feedsAll(main string, data []string) bool {
	for _, n := range data {
		if n != main && !s.feeds(main, s.get(n)) {
			return false
		}
	}
	return true
}

// feeds: main has a registration of the instance, under whatever name somebody
// chose. It is registered anew under its own.
func (s situation) feeds(main string, i Instance) bool {
	return slices.ContainsFunc(s.get(main).Answer.Replicas, func(row Replica) bool {
		return row.Status != StatusPhantom && (row.Name == i.Name || row.Address == i.Replication)
	})
}

// adopt takes a running main as it is: its history is unknown, and a new epoch
// on a main that once restarted in place would make it refuse its replicas
// (memgraph-observed 1.1).
func (s situation) adopt(main string) *decision {
	return s.save(func(r *Record) {
		r.Main, r.Gate, r.Plan = main, GateClosed, PlanBootstrap
		r.Database = s.get(main).Database
		s.declare(r)
	}, "adopting the cluster whose main is %s", main)
}
