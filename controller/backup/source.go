package backup

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Role is what an instance was when its snapshot was asked for.
type Role string

// The roles, in the order in which they are asked.
const (
	RoleReplica Role = "replica" // it does not vote, and may lack what was just committed
	RoleVoter   Role = "voter"
	RoleMain    Role = "main"
)

// What a replica may lack. Both have to hold: the first alone would let one pass that has
// been stuck for hours while little was written, the second alone one that a new leader,
// which begins to count anew, knows only as far behind. Under load a replica that follows is
// hardly ever seen in sync, for up to 23 s (memgraph-observed 3), so not much less than this.
const (
	maxBehind = 2000 // about 1,000 writes, as much as a replica may lack that is made voter
	maxLag    = time.Minute
)

// source is an instance that a snapshot may be taken of.
type source struct {
	instance string
	role     Role
	behind   int64
	lag      api.Duration
}

// sources are the instances to ask, the best first, and why replicas that follow are not
// among them; see the package comment.
func sources(status api.Status) (fit []source, refused []error) {
	r := status.Record
	main := slices.IndexFunc(status.Instances, func(i api.Instance) bool { return i.Name == r.Main })
	if main >= 0 && status.Instances[main].Unreplicated != "" {
		// Nobody else has what it wrote, and its gate may be closed for that.
		return []source{{instance: r.Main, role: RoleMain}}, nil
	}
	if r.Main == "" || r.Gate != topology.GateOpen {
		return nil, nil
	}
	answers := main >= 0 && status.Instances[main].Health == topology.HealthUp
	for _, i := range status.Instances {
		follows := i.Status == topology.StatusReady || i.Status == topology.StatusReplicating
		well := i.Health == topology.HealthUp && !i.Terminating && !i.Refused && i.Quarantined == nil && i.Unreplicated == "" && i.Clean
		s := source{instance: i.Name, role: RoleReplica, behind: max(0, -i.Behind), lag: i.Lag}
		switch {
		case i.Name == r.Main && well:
			fit = append(fit, source{instance: i.Name, role: RoleMain})
		case !well || !follows:
		case i.Name == r.Voter:
			// Whatever the main said last: nothing is acknowledged without it.
			s.role, s.behind, s.lag = RoleVoter, 0, 0
			fit = append(fit, s)
		case !answers:
			refused = append(refused, fmt.Errorf("%s may lack any number of writes: the main does not answer, and only it knows", i.Name))
		case i.Behind > 0:
			refused = append(refused, fmt.Errorf("%s is ahead of the main by %d, so one of them has lost something", i.Name, i.Behind))
		case s.behind > maxBehind || time.Duration(s.lag) > maxLag:
			refused = append(refused, fmt.Errorf("%s is behind by %d and was last in sync %s ago: more than %d or %s would be missing in the backup",
				i.Name, s.behind, time.Duration(s.lag).Round(time.Second), maxBehind, maxLag))
		default:
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 { // the main has everything, whatever its history
		return []source{{instance: r.Main, role: RoleMain}}, refused
	}
	order := []Role{RoleReplica, RoleVoter, RoleMain}
	slices.SortStableFunc(fit, func(a, b source) int {
		return cmp.Or(slices.Index(order, a.role)-slices.Index(order, b.role), cmp.Compare(a.behind, b.behind), cmp.Compare(a.lag, b.lag))
	})
	return fit, refused
}
