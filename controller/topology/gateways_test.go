package topology_test

import (
	"time"

	"memgraph-controller/controller/topology"
)

const (
	// isolation is how long a gateway goes on without being in touch, and
	// outOfTouch when the leader relies on its silence.
	isolation  = 1500 * time.Millisecond
	outOfTouch = 2 * time.Second
	// pauseLimit is how long a pause waits for an answer that is under way.
	pauseLimit = time.Second
)

// gateway is a write gateway: it follows the record with a delay, and passes
// answers only as long as its session lives.
type gateway struct {
	w     *world
	name  string
	delay time.Duration

	alive, away bool
	silenced    bool
	lastTouch   time.Time

	upstream string
	gate     topology.Gate
	cutBusy  bool
	session  int // changes when sessions are cut
	pending  int // writes under way whose answer would pass
	slow     *slowWrite

	following uint64 // the epoch whose route it carries out
	since     time.Time
	knows     uint64 // the newest epoch it has heard of, and when it acts on it
	actsAt    time.Time

	// What the leader knows of it.
	reported uint64
	at       time.Time
	lost     bool
}

// slowWrite is a statement that was sent long before it commits.
type slowWrite struct {
	commitAt time.Time
	process  string // it ends with the process that runs it
}

func newGateway(w *world, name string, delay time.Duration) *gateway {
	return &gateway{w: w, name: name, delay: delay, alive: true, gate: topology.GateClosed, lastTouch: w.now}
}

func (g *gateway) passes() bool { return g.alive && !g.silenced }

func (g *gateway) cut() {
	g.session++
	g.pending = 0
	g.slow = nil
}

// touch follows the record while the gateway can read it, and silences it when
// it could not for too long.
func (g *gateway) touch() {
	switch {
	case !g.alive:
	case !g.away:
		if g.lastTouch = g.w.now; g.silenced {
			g.follow(g.w.record) // before anything passes again
			g.silenced = false
		}
		if g.w.record.Epoch > g.knows {
			g.knows, g.actsAt = g.w.record.Epoch, g.w.now.Add(g.delay)
		}
		if g.knows > g.following && !g.w.now.Before(g.actsAt) {
			g.follow(g.w.record)
		}
		g.confirm()
	case g.w.now.Sub(g.lastTouch) > isolation && !g.silenced:
		g.silenced = true
		g.cut()
	}
}

func (g *gateway) follow(r topology.Record) {
	upstream, gate, _ := topology.WriteRoute(r)
	if gate == topology.GateClosed || upstream != g.upstream && g.upstream != "" {
		g.cut()
	}
	g.upstream, g.gate, g.cutBusy = upstream, gate, topology.CutsBusy(r)
	g.following, g.since = r.Epoch, g.w.now
	g.knows = max(g.knows, r.Epoch)
}

// confirm reports the route as carried out once nothing is under way. What is
// not quiet after the limit is cut or left alone.
func (g *gateway) confirm() {
	busy := g.gate == topology.GatePaused && (g.pending > 0 || g.slow != nil)
	if busy && g.w.now.Sub(g.since) <= pauseLimit {
		return
	}
	if busy && g.cutBusy {
		g.cut()
	}
	if g.reported != g.following {
		g.reported, g.at = g.following, g.w.now
	}
}

// report is what the leader knows of the gateway. At is also when it learned
// that the gateway is gone or has silenced itself.
func (g *gateway) report() topology.Gateway {
	seen := topology.Gateway{Name: g.name, Epoch: g.reported, Gone: !g.alive, Silenced: g.alive && g.w.now.Sub(g.lastTouch) > outOfTouch}
	if lost := seen.Gone || seen.Silenced; lost != g.lost {
		g.lost, g.at = lost, g.w.now
	}
	seen.At = g.at
	return seen
}

// clients write through the gateway: one write after another, and at times one
// that takes long.
func (g *gateway) clients() {
	d := g.w.databases[g.upstream]
	if !g.passes() || d == nil || !d.running() || d.away != g.away {
		return
	}
	if g.slow != nil && g.slow.process != d.process() {
		g.slow = nil
	}
	if g.slow != nil && !g.w.now.Before(g.slow.commitAt) {
		if d.begin(g.w.writeID(), g) {
			g.pending++
			g.slow = nil
		}
		return
	}
	if g.gate == topology.GateOpen && g.pending == 0 && g.w.writing && g.w.ticks%2 == 0 {
		if d.begin(g.w.writeID(), g) {
			g.pending++
		}
	}
}

// beginSlow sends a statement that commits only later.
func (g *gateway) beginSlow(takes time.Duration) {
	if g.passes() && g.gate == topology.GateOpen {
		if d := g.w.databases[g.upstream]; d != nil {
			g.slow = &slowWrite{g.w.now.Add(takes), d.process()}
		}
	}
}

// answer passes an acknowledgement on to the client, if anybody still listens.
func (g *gateway) answer(d *database, c *commit) {
	if c.session != g.session || !g.passes() || d.away != g.away {
		return
	}
	g.pending--
	g.w.acknowledged(d, c.txn.id)
}

// kill ends the gateway's process, and a new one takes its place when revived.
func (g *gateway) kill() {
	g.alive = false
	g.cut()
}

func (g *gateway) revive() {
	if !g.alive {
		session := g.session
		*g = *newGateway(g.w, g.name, g.delay)
		g.session = session + 1
	}
}
