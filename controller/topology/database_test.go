package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/topology"
)

// txn is a durable transaction. A client's write has an id; the marker has none.
type txn struct {
	ts    int64
	epoch int
	id    int
}

// mark says how far a database epoch came.
type mark struct {
	epoch int
	ts    int64
}

// snapshot is what a snapshot file keeps of the epochs: a bad history stays bad
// (memgraph-observed 1.1).
type snapshot struct {
	history []mark
	epoch   int
	ts      int64
}

// database is one Memgraph instance: its disk, its process and its place in the
// network. What it does is in replication_test.go too.
type database struct {
	w    *world
	name string

	// The disk. written indexes log; verified counts the acknowledged writes
	// that are known to be in it.
	storage  int
	log      []txn
	written  map[int]bool
	verified int
	snapshot *snapshot
	role     topology.Role
	identity int // as a main: the id it stamps on what it sends
	obeys    int // as a replica: the id of the main that registered it last
	replicas []*replica
	users    bool
	// unlogged are the writes that it took in analytical mode: its position does not
	// show them. kept are those of them that a snapshot holds.
	unlogged, kept []int
	damaged        bool // a fault took data away; it need not hold what it held
	spoilt         bool // no process gets through the recovery of what is on it

	// The process.
	analytical bool // its storage mode
	unmarked   bool // it took the marker in that mode, and nobody could know
	starts     int
	failures   int       // starts in a row that ended in recovery
	againAt    time.Time // when the next one will be tried; zero if none is due
	up         bool
	startsAt   time.Time // when a process that was started will answer; zero if none is on its way
	downAt     time.Time
	upAt       time.Time
	epoch      int
	history    []mark
	prepared   *txn    // voted for, not yet decided
	commit     *commit // under way
	busy       int     // role changes that will find a lock taken

	// The network and the node.
	frozen, away, unseen, lagging, terminating bool
	spared                                     uint64 // the reign in which a termination was taken back
}

func newDatabase(w *world, name string) *database {
	d := &database{w: w, name: name}
	d.wipe()
	return d
}

// wipe is an empty data directory.
func (d *database) wipe() {
	d.storage, d.identity, d.obeys = d.w.unique(), d.w.unique(), 0
	d.log, d.snapshot, d.replicas, d.users = nil, nil, nil, false
	d.unlogged, d.kept = nil, nil
	d.written, d.verified = map[int]bool{}, 0
	d.role = topology.RoleMain
	d.spoilt, d.failures = false, 0
}

func (d *database) uuid() string    { return fmt.Sprintf("uuid-%d", d.storage) }
func (d *database) process() string { return fmt.Sprintf("%s/%d", d.name, d.starts) }
func (d *database) running() bool   { return d.up && !d.frozen }
func (d *database) empty() bool     { return len(d.written) == 0 }

// reaches tells whether packets go from one process to the other.
func (d *database) reaches(other *database) bool {
	return d.running() && other.running() && d.away == other.away
}

// silentTo: the other does not refuse, it says nothing.
func (d *database) silentTo(other *database) bool {
	return other.away != d.away || other.up && other.frozen
}

// ldt is the last durable timestamp.
func (d *database) ldt() int64 {
	if len(d.log) == 0 {
		return 0
	}
	return d.log[len(d.log)-1].ts
}

// append makes a transaction durable. A replica learns of a new epoch from the
// first transaction of it.
func (d *database) append(t txn) {
	if t.epoch != d.epoch {
		d.track()
		d.epoch = t.epoch
	}
	d.log = append(d.log, t)
	if t.id != 0 {
		d.written[t.id] = true
	}
}

// track enters the end of the running epoch; one without a transaction of its
// own leaves no mark.
func (d *database) track() {
	if n := len(d.history); n > 0 && d.history[n-1].ts == d.ldt() {
		return
	}
	d.history = append(d.history, mark{d.epoch, d.ldt()})
}

// committedEpoch is the epoch of the last transaction.
func (d *database) committedEpoch() int {
	if n := len(d.history); n > 0 && d.history[n-1].ts == d.ldt() {
		return d.history[n-1].epoch
	}
	return d.epoch
}

// accepts is the check of a replica's history. The first mark of its epoch
// decides, though a later one may reach further.
func (d *database) accepts(r *database) bool {
	epoch := r.committedEpoch()
	if r.ldt() == 0 || epoch == d.epoch {
		return true
	}
	for _, m := range d.history {
		if m.epoch == epoch {
			return r.ldt() <= m.ts
		}
	}
	return false
}

// wouldAccept is accepts as it would be after a promotion.
func (d *database) wouldAccept(r *database) bool {
	after := *d
	after.history = slices.Clone(d.history)
	after.track()
	after.epoch = -1
	return after.accepts(r)
}

// recover is what a start finds on the disk: one mark for each epoch, the
// running one included; a snapshot's history and epoch go on.
func (d *database) recover() {
	d.history, d.epoch = nil, 0
	from := int64(0)
	if s := d.snapshot; s != nil {
		d.history, d.epoch, from = slices.Clone(s.history), s.epoch, s.ts
	}
	for _, t := range d.log {
		if t.ts <= from {
			continue
		}
		if n := len(d.history); n > 0 && d.history[n-1].epoch == t.epoch {
			d.history[n-1].ts = t.ts
			continue
		}
		d.history = append(d.history, mark{t.epoch, t.ts})
		d.epoch = t.epoch
	}
	if d.epoch == 0 {
		d.epoch = d.w.unique()
	}
}

// takeSnapshot is possible on a main only.
func (d *database) takeSnapshot() {
	if d.running() && d.role == topology.RoleMain {
		d.snapshot = &snapshot{slices.Clone(d.history), d.epoch, d.ldt()}
		d.kept = slices.Clone(d.unlogged)
	}
}

// kill ends the process. A commit that was under way was never acknowledged; one
// that it has voted for may be, without it (memgraph.md F.2.1).
func (d *database) kill() {
	d.againAt = time.Time{}
	if !d.up && d.startsAt.IsZero() {
		return
	}
	d.up, d.frozen, d.startsAt = false, false, time.Time{}
	d.loseUnlogged()
	d.prepared, d.commit, d.busy, d.terminating = nil, nil, 0, false
	d.downAt = d.w.now
}

// loseUnlogged: what no log and no snapshot holds ends with the process. That is the
// price of the storage mode, and no controller can help it.
func (d *database) loseUnlogged() {
	d.analytical, d.unmarked = false, false // each process starts as it is configured
	for _, id := range d.unlogged {
		if !slices.Contains(d.kept, id) {
			delete(d.written, id)
			d.w.forget(id)
		}
	}
	d.unlogged = slices.Clone(d.kept)
}

// newDisk is how long it takes at least to start on another disk: longer than
// the loss of the process goes unnoticed, and than a gateway goes on that is out
// of touch. A main that came back empty in less would take writes before anybody
// could tell.
const newDisk = outOfTouch

func (d *database) diskLost() bool { return d.damaged && len(d.log) == 0 }

// gone: there is no process. While a new disk is waited for there is none.
func (d *database) gone() bool { return !d.up && (d.startsAt.IsZero() || d.diskLost()) }

// start begins a process that answers after recovery.
func (d *database) start(recovery time.Duration) {
	if d.up || !d.startsAt.IsZero() {
		return
	}
	if d.diskLost() {
		recovery = max(recovery, newDisk)
	}
	d.starts++
	d.againAt = time.Time{}
	d.startsAt = d.w.now.Add(recovery)
}

// awake makes a process that was started answer: role and registrations are
// those of the disk, and a phantom has become a real registration.
func (d *database) awake() {
	if d.spoilt {
		d.kill()
		d.failures++
		d.againAt = d.w.now.Add(backoff)
		return
	}
	d.failures = 0
	d.up, d.startsAt, d.upAt = true, time.Time{}, d.w.now
	d.recover()
	for _, r := range d.replicas {
		r.phantom, r.status, r.ts, r.process, r.nextBeat = false, topology.StatusInvalid, 0, 0, d.w.now
	}
}

// backoff is how long whoever runs a process waits after a start that failed.
const backoff = 500 * time.Millisecond

// wake lets a process that was started answer, and starts one that failed again.
func (d *database) wake() {
	switch {
	case !d.startsAt.IsZero() && !d.w.now.Before(d.startsAt):
		d.awake()
	case !d.againAt.IsZero() && !d.w.now.Before(d.againAt):
		d.start(d.w.startDelay)
	}
}

// forgetRole is a start without the replication state.
func (d *database) forgetRole() {
	d.role, d.identity, d.obeys, d.replicas = topology.RoleMain, d.w.unique(), 0, nil
}

// loseTail drops the last writes: a node died before they were on its disk.
func (d *database) loseTail(n int) {
	d.log = slices.Clone(d.log[:max(0, len(d.log)-n)])
	d.written, d.verified = map[int]bool{}, 0
	for _, t := range d.log {
		if t.id != 0 {
			d.written[t.id] = true
		}
	}
	for _, id := range d.unlogged {
		d.written[id] = true
	}
	d.damaged = true
}

var (
	errBusy     = errors.New("the lock is taken")
	errDiverged = errors.New("the replica's data are refused as diverged")
	errAnswer   = errors.New("it does not answer")
)

func (d *database) locked() bool {
	if d.busy > 0 {
		d.busy--
		return true
	}
	return d.commit != nil
}

// promote makes it main with a new epoch and no replicas. What it had voted for
// and not committed is discarded.
func (d *database) promote() error {
	switch {
	case d.role == topology.RoleMain:
		return nil
	case d.locked():
		return errBusy
	}
	d.prepared = nil
	d.track()
	d.role, d.epoch, d.identity, d.replicas = topology.RoleMain, d.w.unique(), d.w.unique(), nil
	return nil
}

// demote makes it a replica that nobody feeds. Success proves that no commit was
// under way.
func (d *database) demote() error {
	switch {
	case d.role == topology.RoleReplica:
		return nil
	case d.locked():
		return errBusy
	}
	d.role, d.obeys, d.replicas = topology.RoleReplica, 0, nil
	return nil
}
