// Package rollout decides which database pod is restarted next when their template has
// changed: another version of Memgraph, other flags, other resources. It is a pure
// function: no clock, no I/O, no memory.
//
//	pod, why := rollout.Next(cluster, now)
//
// Replicas first, each in sync again before the next one, then the voter, and the main
// last, by the switchover that the end of its pod brings about anyway.
//
// # Why the order matters
//
// Memgraph's replication calls carry a version. A replica understands those of an older
// main and answers in its form, but refuses calls that are newer than itself
// (memgraph/memgraph #3172; memgraph.md E.31), and an older program does not read the
// files of a newer one. So a newer replica of an older main replicates, and an older
// replica of a newer main does not: it could neither vote nor be read from until it is
// restarted. Memgraph's own upgrades of Enterprise clusters go in this order too.
//
// # Why Kubernetes does not do it
//
// A StatefulSet's RollingUpdate goes by ordinals and knows no main: where the main is in
// the middle, it becomes a new one while a pod is left that is older. Its partition cannot
// help, because it is a border between ordinals too. So the chart's StatefulSet has the
// strategy OnDelete, which leaves it to the controller to delete pods; whichever way a pod
// ends, Kubernetes makes its successor from the new template.
//
// # What holds it up
//
// Anything that is wrong with a pod that is not outdated: so a version that does not start
// ends at the first replica, and the main and the voter are never put at risk by it. An
// outdated pod that has been of no use for a while is replaced all the same, whatever else
// is wrong: that ends what a bad version has begun after a roll-back, and what a failover
// in the middle leaves behind, an old replica of a new main.
package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/topology"
)

// Pod is one instance of the StatefulSet with the pod that it has now.
type Pod struct {
	// Name is the instance's, Ordinal the number at its end.
	Name    string
	Ordinal int
	// Present: there is a pod. Ending: it is being deleted.
	Present, Ending bool
	// Outdated: it was made from another template than the present one.
	Outdated bool
	// Running: the database of this pod runs.
	Running bool
	// InSync: it has everything and could follow the main, or is the main and could be
	// followed; Why says why not, and Since since when not.
	InSync bool
	Why    string
	Since  time.Time
	// Recovering: its main brings it up to date.
	Recovering bool
}

// Cluster is what is known at one moment.
type Cluster struct {
	Pods   []Pod
	Record topology.Record
	// Paused: a person has stopped automatic actions.
	Paused bool
}

// Patience is how long an outdated pod has to be of no use before it is replaced out of
// turn: longer than a restart in place and a catch-up take that went well.
const Patience = 15 * time.Second

// Next returns the pod to delete now, and why; or no pod and what is waited for. Both are
// empty when no pod is outdated.
func Next(c Cluster, now time.Time) (pod, why string) {
	outdated := c.outdated()
	if len(outdated) == 0 {
		return "", ""
	}
	if c.Paused {
		return "", "automatic actions are paused"
	}
	for _, p := range outdated {
		if c.useless(p, now) {
			return p.Name, fmt.Sprintf("it is outdated and of no use as it is: %s", p.Why)
		}
	}
	if why := c.unsettled(); why != "" {
		return "", why
	}
	next := outdated[0]
	switch next.Name {
	case c.Record.Main:
		why = "the main comes last, and hands over first"
	case c.Record.Voter:
		why = "the voter comes after the other replicas, and hands its vote on first"
	default:
		why = "replicas come first"
	}
	return next.Name, fmt.Sprintf("%s; %d of %d pods are outdated", why, len(outdated), len(c.Pods))
}

// outdated lists the outdated pods in the order in which they are to be restarted: those
// without an office, the voter, the main; the highest ordinal first, as Kubernetes does.
func (c Cluster) outdated() []Pod {
	var list []Pod
	for _, p := range c.Pods {
		if p.Present && p.Outdated {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Pod) int {
		return cmp.Or(cmp.Compare(c.office(a), c.office(b)), cmp.Compare(b.Ordinal, a.Ordinal))
	})
	return list
}

func (c Cluster) office(p Pod) int {
	switch p.Name {
	case c.Record.Main:
		return 2
	case c.Record.Voter:
		return 1
	}
	return 0
}

// useless: it has not been in sync for a while, and nobody needs what it holds. Of those
// whom the record names, because they hold every acknowledged write, only one whose
// database does not run is replaced: its data stay, and it cannot get worse.
func (c Cluster) useless(p Pod, now time.Time) bool {
	if p.InSync || p.Ending || p.Recovering || now.Sub(p.Since) < Patience {
		return false
	}
	r := c.Record
	named := slices.Contains([]string{r.Main, r.Voter, r.Heir, r.From}, p.Name)
	return !named || !p.Running
}

// unsettled says what is waited for before the next pod's turn.
func (c Cluster) unsettled() string {
	for _, p := range c.Pods {
		switch {
		case !p.Present:
			return p.Name + " has no pod yet"
		case p.Ending:
			return p.Name + " is being stopped"
		}
	}
	for _, p := range c.Pods {
		if !p.InSync {
			return fmt.Sprintf("%s is not in sync: %s", p.Name, p.Why)
		}
	}
	switch r := c.Record; {
	case r.Main == "" || r.Gate != topology.GateOpen:
		return "the gate is " + string(r.Gate)
	case r.Request != nil:
		return fmt.Sprintf("a %s that %s asked for comes first", r.Request.Kind, r.Request.By)
	}
	return ""
}
