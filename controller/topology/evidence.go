package topology

import (
	"slices"
	"strings"
	"time"
)

// names are all instances in a fixed order.
func (v View) names() []string {
	names := make([]string, 0, len(v.Instances))
	for name := range v.Instances {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// others returns all instances but one, in a fixed order.
func (s situation) others(name string) []Instance {
	list := make([]Instance, 0, len(s.names))
	for _, n := range s.names {
		if n != name {
			list = append(list, s.v.Instances[n])
		}
	}
	return list
}

// get returns an instance; one that is not listed any more is silent: nothing
// proves that its process is gone.
func (s situation) get(name string) Instance {
	if i, ok := s.v.Instances[name]; ok {
		return i
	}
	return Instance{Name: name, Health: HealthSilent}
}

func (i Instance) up() bool   { return i.Health == HealthUp && i.Answer.Role != RoleUnknown }
func (i Instance) lost() bool { return i.Health == HealthDead || i.Health == HealthSilent }
func (i Instance) is(r Role) bool {
	return i.up() && i.Answer.Role == r
}

// row is what the named main says of a replica.
func (s situation) row(main, replica string) (Replica, bool) {
	for _, row := range s.get(main).Answer.Replicas {
		if row.Name == replica {
			return row, true
		}
	}
	return Replica{}, false
}

// lag is how far the replica is behind, negative when it is ahead. A voter is
// ahead while a commit that it has voted for is in flight (seen: +2, and +5 under
// load), which is no reason to doubt it. Any other replica that is ahead of its
// main shows that the main has lost something.
func (r Replica) lag() int64 {
	if r.Mode == StrictSync {
		return max(0, -r.Behind)
	}
	return -r.Behind
}

// caughtUp: the main says that the replica has everything.
func (r Replica) caughtUp() bool { return r.Status == StatusReady && r.lag() == 0 }

// within: the lag is known and small. Under load an ASYNC replica flickers
// between ready, replicating and invalid, so the status says little.
func (r Replica) within(lag int64) bool {
	switch r.Status {
	case StatusReady, StatusReplicating, StatusInvalid:
		return r.lag() >= 0 && r.lag() <= lag
	default:
		return false
	}
}

// ours: the instance holds this cluster's data. A process that is known since
// this reign began is trusted without asking; one that restarted may have lost
// its disk, and comes back empty with a UUID of its own.
func (s situation) ours(i Instance) bool {
	if s.r.Database == "" {
		return true
	}
	if i.StorageKnown {
		return i.Database == s.r.Database
	}
	m := s.r.Members[i.Name]
	return m.Process != "" && m.Process == i.Process
}

// startsFast: its last start is known to have been fast, so a restart is too.
func (s situation) startsFast(i Instance) bool {
	return i.Recovery > 0 && i.Recovery <= s.p.FastRecovery
}

// fit: the instance is a replica that could be voter or heir.
func (s situation) fit(i Instance) bool {
	return i.is(RoleReplica) && !i.Terminating && s.ours(i) &&
		i.Refused != s.r.Reign && s.r.Members[i.Name].Quarantined == nil && s.unreplicated(i) == ""
}

// awaited names the write gateways that have not carried out this epoch and may
// still let a client hear an old main; confirmed is when the last of the others
// was known to have. A gateway that is gone, or out of touch for so long that it
// has silenced itself, is not waited for, but until then it let writes through.
func (s situation) awaited() (names string, confirmed time.Time) {
	var missing []string
	for _, g := range s.v.Gateways {
		switch {
		case g.Epoch < s.r.Epoch && !g.Gone && !g.Silenced:
			missing = append(missing, g.Name)
		case g.At.After(confirmed):
			confirmed = g.At
		}
	}
	slices.Sort(missing)
	return strings.Join(missing, ", "), confirmed
}

// Fenced tells that no write gateway is waited for: every one has carried out the
// record's epoch, or lets nobody through.
func Fenced(r Record, v View) bool {
	awaited, _ := situation{r: r, v: v}.awaited()
	return awaited == ""
}

// waitForGateways is the formality that is none: promoting while one client
// still hears the old main loses an acknowledged write nearly every time
// (memgraph-observed 1.6).
func (s situation) waitForGateways() *decision {
	if names, _ := s.awaited(); names != "" {
		return wait("waiting for gateway %s to carry out epoch %d", names, s.r.Epoch)
	}
	return nil
}

// heard: the instance's answer was asked for after all gateways had stopped
// letting writes through, so nothing was acknowledged since.
func (s situation) heard(i Instance) bool {
	_, confirmed := s.awaited()
	return i.up() && i.Answer.Asked.After(confirmed)
}

func (s situation) paused() bool { return s.r.Pause != nil && s.now.Before(s.r.Pause.Until) }
