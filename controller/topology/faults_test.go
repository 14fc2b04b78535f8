package topology_test

import (
	"slices"
	"strings"
	"time"

	"memgraph-controller/controller/topology"
)

// boot lets a new world become a whole cluster with writing clients.
func boot(w *world) *world {
	w.writing = true
	if !w.runUntil(30*time.Second, func() bool { return w.record.Gate == topology.GateOpen && w.idle > 20 && len(w.acked) > 5 }) {
		w.breaks("the cluster does not come up: %s", w.unhealed())
	}
	return w
}

// freeze stops an instance's process, or lets it go on.
func (w *world) freeze(name string, frozen bool) {
	d := w.databases[name]
	if d.up {
		d.finishVotes()
		d.finishVoted()
		d.frozen = frozen
	}
}

// cutOff puts an instance on the other side of a partition, or takes it back.
func (w *world) cutOff(name string, away bool) {
	if w.databases[name].diskLost() {
		return
	}
	w.databases[name].finishVotes()
	w.databases[name].finishVoted()
	w.databases[name].away = away
}

// restart ends a process and starts it again.
func (w *world) restart(name string) {
	w.databases[name].kill()
	w.databases[name].start(w.startDelay)
}

// loseDisk ends an instance's process and gives it an empty disk. Whoever does
// that can see it and be seen.
func (w *world) loseDisk(name string) {
	d := w.databases[name]
	d.kill()
	d.wipe()
	d.damaged, d.unseen, d.away = true, false, false
	w.lostDisk = true
}

// spoil ends an instance's process and lets every later one die in recovery.
func (w *world) spoil(name string) {
	w.databases[name].spoilt = true
	w.restart(name)
}

// hide keeps the leader from seeing an instance that everybody else can reach.
func (w *world) hide(name string) {
	if d := w.databases[name]; !d.diskLost() {
		d.unseen = true
	}
}

// setAnalytical is STORAGE MODE, which waits for the commit under way.
func (d *database) setAnalytical(analytical bool) {
	if d.running() && d.commit == nil {
		d.analytical = analytical
	}
}

// correctSettings is a person who follows the advice of the leader: a replica that
// was seen in another storage mode is restarted.
func (w *world) correctSettings() {
	for _, name := range w.names {
		d := w.databases[name]
		d.setAnalytical(false)
		if u := w.record.Members[name].Unreplicated; u != nil && u.Process == d.process() {
			w.restart(name)
		}
	}
}

// damaged: some instance has not yet got back what a fault took away.
func (w *world) damaged() bool {
	for _, d := range w.databases {
		if d.damaged {
			return true
		}
	}
	return false
}

// heal ends every fault and lets everything run. That a termination is taken back is
// none of what happens to pods: what was decided because of one is not held against it.
func (w *world) heal() {
	for _, name := range w.names {
		d := w.databases[name]
		if d.terminating {
			d.terminating, d.spared = false, w.record.Reign
		}
		d.frozen, d.away, d.unseen, d.lagging, d.busy = false, false, false, false, 0
		d.start(w.startDelay)
	}
	for _, g := range w.gateways {
		g.away = false
		g.revive()
	}
	w.frozen = false
	w.correctSettings()
	w.run(modeEvery + time.Second) // until the leader knows what it can
	w.correctSettings()
}

// healLimit bounds the time in which a cluster without faults becomes whole: a
// stalled commit (30 s), one reseed after another, a refresh that waits.
const healLimit = 120 * time.Second

// converge lets the cluster heal: clients go on writing until the leader has
// been idle for a while, then they stop, and everything has to be equal. It
// returns what is wrong, or the empty string.
func (w *world) converge() string {
	quiet := func() bool { return w.record.Gate == topology.GateOpen && w.idle > 40 }
	w.writing = true
	whole := w.runUntil(healLimit, quiet)
	w.runUntil(healLimit, func() bool { return w.alone() == "" || w.follower() != "" })
	if w.alone() != "" && w.allWroteAlone() {
		return "" // nobody is left to turn to: a person restores a backup
	}
	if (!whole || w.alone() != "") && (!w.force() || !w.runUntil(healLimit, quiet)) {
		return "not whole in time: " + w.unhealed() + ": " + w.reason()
	}
	w.writing = false
	if !w.runUntil(healLimit, func() bool { return w.idle > 40 && w.unhealed() == "" }) {
		return "not whole: " + w.unhealed() + ": " + w.reason()
	}
	w.writing = true
	return ""
}

// follower has data of this cluster, as a replica was sent them.
func (w *world) follower() string {
	for _, name := range w.names {
		if w.noted(w.record, name) == nil && w.databases[name].uuid() == w.record.Database {
			return name
		}
	}
	return ""
}

// allWroteAlone: everybody was main in another storage mode, one after the other.
func (w *world) allWroteAlone() bool {
	return !slices.ContainsFunc(w.names, func(name string) bool { return w.noted(w.record, name) == nil })
}

// force is a person who gives up what only a lost disk held: nobody else can,
// where a voter restarted in the same moment and may lack a write. Or who gives up what
// a main wrote that reached nobody.
func (w *world) force() bool {
	if !w.lostDisk && w.alone() == "" || !strings.Contains(w.reason(), "failover --force") {
		return false
	}
	if w.alone() != "" {
		w.request(topology.RequestFailover, w.follower(), true)
		return true
	}
	for _, name := range w.names {
		d := w.databases[name]
		if _, missing := d.lacks(); !missing && !d.empty() {
			w.request(topology.RequestFailover, name, true)
			return true
		}
	}
	return false
}

// reason is what the leader says now.
func (w *world) reason() string {
	_, reason := topology.Next(w.record, w.view(), w.policy, w.now)
	return reason
}

// ask for a switchover or failover on behalf of a person.
func (w *world) request(kind topology.RequestKind, target string, force bool) {
	w.record.Request = &topology.Request{ID: "r", Kind: kind, Target: target, Force: force, By: "ann", At: w.now}
}
