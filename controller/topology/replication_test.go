package topology_test

import (
	"slices"
	"time"

	"memgraph-controller/controller/topology"
)

const (
	beat = time.Second
	// A dead replica is noticed after three heartbeats, a silent one after 16 s.
	deadAfter   = 3 * time.Second
	silentAfter = 16 * time.Second
	// stall is how long a commit waits for a voter that says nothing.
	stall = 30 * time.Second
)

// replica is one registration at a main.
type replica struct {
	name      string
	mode      topology.Mode
	status    topology.Status
	phantom   bool
	ts        int64 // what the main knows
	process   int   // the process the connection goes to
	nextBeat  time.Time
	lastHeard time.Time
}

// commit is a write under way. Commits are serialised: while one waits, so does
// every other transaction of that main.
type commit struct {
	txn     txn
	by      *gateway // nil for the marker
	session int
	until   time.Time
	stalled bool
}

func (d *database) replica(name string) *replica {
	for _, r := range d.replicas {
		if r.name == name {
			return r
		}
	}
	return nil
}

// rows is SHOW REPLICAS: a cache.
func (d *database) rows() []topology.Replica {
	var rows []topology.Replica
	for _, r := range d.replicas {
		row := topology.Replica{Name: r.name, Address: r.name + ":10000", Mode: r.mode, Status: r.status, TS: r.ts, Behind: r.ts - d.ldt()}
		if r.phantom {
			row.Status, row.TS, row.Behind = topology.StatusPhantom, 0, 0
		}
		rows = append(rows, row)
	}
	return rows
}

// register is REGISTER REPLICA after whatever was in the way has been dropped.
// From then on the replica refuses every other main.
func (d *database) register(t *database, mode topology.Mode) error {
	if d.locked() {
		return errBusy
	}
	if old := d.replica(t.name); old != nil && old.mode == mode && !old.phantom {
		return nil
	}
	d.drop(t.name)
	r := &replica{name: t.name, mode: mode, status: topology.StatusInvalid, nextBeat: d.w.now, lastHeard: d.w.now}
	if !d.reaches(t) || t.role != topology.RoleReplica {
		return errAnswer
	}
	t.obeys, t.users, t.prepared = d.identity, false, nil
	if t.ldt() == 0 {
		t.storage = d.storage
	}
	if t.storage == d.storage && !d.accepts(t) {
		return errDiverged
	}
	d.replicas = append(d.replicas, r)
	d.check(r, t)
	return nil
}

func (d *database) drop(name string) {
	d.replicas = slices.DeleteFunc(slices.Clone(d.replicas), func(r *replica) bool { return r.name == name })
}

// heartbeat checks a replica once a second.
func (d *database) heartbeat(r *replica) {
	t := d.w.databases[r.name]
	if r.phantom || d.w.now.Before(r.nextBeat) {
		return
	}
	r.nextBeat = d.w.now.Add(beat)
	switch lost := d.w.now.Sub(r.lastHeard); {
	case t == nil || d.silentTo(t):
		if lost >= silentAfter {
			r.status = topology.StatusInvalid
		}
	case !d.reaches(t):
		if lost >= deadAfter {
			r.status = topology.StatusInvalid
		}
	default:
		d.check(r, t)
	}
}

// check sets the status by what the replica answers. Within an epoch more than
// the main holds is fine.
func (d *database) check(r *replica, t *database) {
	r.lastHeard = d.w.now
	if t.role != topology.RoleReplica || t.obeys != d.identity || t.ldt() != 0 && t.storage != d.storage || !d.accepts(t) {
		r.status = topology.StatusInvalid
		return
	}
	t.storage = d.storage
	r.process, r.ts = t.starts, t.ldt()
	r.status = topology.StatusRecovery
	if t.ldt() >= d.ldt() {
		r.status = topology.StatusReady
	}
}

// linked: what the main sends arrives and is taken.
func (d *database) linked(r *replica) (*database, bool) {
	t := d.w.databases[r.name]
	return t, t != nil && !r.phantom && d.reaches(t) && t.role == topology.RoleReplica && t.obeys == d.identity && r.process == t.starts
}

// feed sends an ASYNC or recovering replica what it lacks.
func (d *database) feed(r *replica) {
	t, linked := d.linked(r)
	if !linked || t.lagging || r.status == topology.StatusInvalid || t.ldt() >= d.ldt() {
		return
	}
	for _, x := range d.log {
		if x.ts > t.ldt() {
			t.append(x)
		}
	}
	r.ts, r.status = t.ldt(), topology.StatusReady
}

// replicate is what a main does in one tick.
func (d *database) replicate() {
	if !d.running() || d.role != topology.RoleMain {
		return
	}
	d.advance()
	for _, r := range d.replicas {
		d.heartbeat(r)
		if d.commit == nil || r.mode == topology.Async {
			d.feed(r)
		}
	}
}

// begin starts a write. It fails at once where a voter cannot vote.
func (d *database) begin(id int, by *gateway) bool {
	if d.commit != nil || d.role != topology.RoleMain || !d.running() {
		return false
	}
	c := &commit{txn: txn{ts: d.ldt() + 2, epoch: d.epoch, id: id}, by: by, until: d.w.now.Add(tick)}
	if by != nil {
		c.session = by.session
	}
	if d.analytical {
		d.commit = c // nobody is asked, and nobody is sent anything
		return true
	}
	for _, r := range d.replicas {
		if r.mode != topology.StrictSync || r.phantom {
			continue
		}
		t := d.w.databases[r.name]
		if t != nil && d.silentTo(t) && r.status != topology.StatusInvalid {
			c.stalled, c.until = true, d.w.now.Add(stall)
			r.status = topology.StatusReplicating
			continue
		}
		if !d.votes(r, c.txn) {
			return false
		}
	}
	d.commit = c
	return true
}

// votes asks a voter for its vote.
func (d *database) votes(r *replica, x txn) bool {
	t, linked := d.linked(r)
	ready := r.status == topology.StatusReady || r.status == topology.StatusReplicating
	if !linked || !ready || t.ldt() != d.ldt() {
		if ready {
			r.status = topology.StatusInvalid
		}
		return false
	}
	t.prepared = &x
	r.status = topology.StatusReady
	return true
}

// advance goes on with the commit under way: it ends, is given up, or was
// waiting for a voter that answers again.
func (d *database) advance() {
	c := d.commit
	switch {
	case c == nil:
	case c.stalled:
		d.wakeStalled(c)
	case !d.w.now.Before(c.until):
		d.finish()
	}
}

func (d *database) wakeStalled(c *commit) {
	for _, r := range d.replicas {
		if r.mode != topology.StrictSync || r.phantom {
			continue
		}
		t := d.w.databases[r.name]
		switch silent := t == nil || d.silentTo(t); {
		case silent && d.w.now.Before(c.until):
			return
		case silent, !d.votes(r, c.txn):
			r.status = topology.StatusInvalid
			d.commit = nil
			return
		}
	}
	c.stalled, c.until = false, d.w.now.Add(tick)
}

// finish is the second phase. Whether it reaches the voter is not reported: a
// voter that was promoted meanwhile has discarded the transaction, and the main
// acknowledges it all the same (memgraph-observed 1.6).
func (d *database) finish() {
	c := d.commit
	d.commit = nil
	if d.analytical {
		d.unmarked = d.unmarked || c.by == nil
		if c.txn.id != 0 {
			d.written[c.txn.id] = true
			d.unlogged = append(d.unlogged, c.txn.id)
		}
		if c.by != nil {
			c.by.answer(d, c)
		}
		return
	}
	d.append(c.txn)
	for _, r := range d.replicas {
		t := d.w.databases[r.name]
		if r.mode != topology.StrictSync || t == nil || t.prepared == nil || *t.prepared != c.txn {
			continue
		}
		if _, linked := d.linked(r); linked {
			t.append(c.txn)
			r.ts = t.ldt()
		}
		t.prepared = nil
	}
	if c.by != nil {
		c.by.answer(d, c)
	}
}

// finishVotes lets the commits end that this voter has voted for: a link that
// breaks exactly between the two phases is a double fault with the loss of the
// main, and no controller can help it, because the voter's process lives on
// (memgraph.md F.2.1).
func (d *database) finishVotes() {
	for _, name := range d.w.names {
		m := d.w.databases[name]
		if d.prepared != nil && m.commit != nil && *d.prepared == m.commit.txn {
			m.finishVoted()
		}
	}
}

// finishVoted is the same for the main itself.
func (d *database) finishVoted() {
	if d.commit != nil && !d.commit.stalled && d.running() {
		d.finish()
	}
}
