package topology_test

import (
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
	if !w.runUntil(healLimit, quiet) && (!w.force() || !w.runUntil(healLimit, quiet)) {
		return "not whole in time: " + w.unhealed() + ": " + w.reason()
	}
	w.writing = false
	if !w.runUntil(healLimit, func() bool { return w.idle > 40 && w.unhealed() == "" }) {
		return "not whole: " + w.unhealed() + ": " + w.reason()
	}
	w.writing = true
	return ""
}

// force is a person who gives up what only a lost disk held: nobody else can,
// where a voter restarted in the same moment and may lack a write.
func (w *world) force() bool {
	if !w.lostDisk || !strings.Contains(w.reason(), "failover --force") {
		return false
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
