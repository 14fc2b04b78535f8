package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/topology"
)

// tick is the step of virtual time. Between two ticks nothing happens, and the
// leader performs at most one step in each.
const tick = 50 * time.Millisecond

// retryAfter is the leader's pause after a step that failed.
const retryAfter = 50 * time.Millisecond

// world is a model of a whole cluster in virtual time, without goroutines:
// databases that behave as the real one was seen to, gateways that follow the
// record late, clients that write through them, and one leader that asks Next
// what to do and does it. Whatever must never happen is recorded in broken.
type world struct {
	now   time.Time
	ticks int
	last  int // for unique

	names     []string
	databases map[string]*database
	gateways  []*gateway
	writing   bool
	writes    int
	acked     []int

	policy    topology.Policy
	record    topology.Record
	observers map[string]*observer
	deeds     deeds
	lostDisk  bool // at some time
	outlived  map[string]uint64
	retryAt   time.Time
	frozen    bool   // the leader does nothing
	promoted  uint64 // the last reign in which somebody was promoted
	steps     int    // performed so far
	idle      int    // ticks since the last one
	after     func(step int)

	// storageDelay is how long it takes to learn a new process's storage, and
	// startDelay how long a process takes to start.
	storageDelay, startDelay time.Duration
	// addressDelay is how long the name of a process that has just started may lead
	// elsewhere.
	addressDelay time.Duration

	forced   bool // a person has accepted the loss of writes
	snapshot bool // every main takes a snapshot as soon as it was promoted
	broken   []string
	trace    func(string)
}

func newWorld(instances, gateways int) *world {
	w := &world{
		now:       time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
		databases: map[string]*database{}, observers: map[string]*observer{}, deeds: deeds{}, outlived: map[string]uint64{},
		policy: topology.DefaultPolicy(), startDelay: 300 * time.Millisecond,
		record: topology.Record{Format: topology.Format, Gate: topology.GateClosed},
		trace:  func(string) {}, after: func(int) {},
	}
	for i := range instances {
		w.add(string(rune('a' + i)))
	}
	for i := range gateways {
		w.gateways = append(w.gateways, newGateway(w, fmt.Sprintf("g%d", i+1), time.Duration(i)*tick))
	}
	return w
}

func (w *world) unique() int { w.last++; return w.last }

func (w *world) writeID() int { w.writes++; return w.writes }

// add brings up an empty instance.
func (w *world) add(name string) {
	d := newDatabase(w, name)
	w.names = append(w.names, name)
	w.databases[name] = d
	w.observers[name] = &observer{health: topology.HealthUnknown, since: w.now, lastSeen: w.now}
	d.start(0)
}

// remove takes an instance off the list for good.
func (w *world) remove(name string) {
	w.databases[name].kill()
	delete(w.databases, name)
	delete(w.observers, name)
	var rest []string
	for _, n := range w.names {
		if n != name {
			rest = append(rest, n)
		}
	}
	w.names = rest
}

// tick lets one unit of time pass: databases, gateways and clients do their
// part, the leader looks and does at most one step.
func (w *world) tick() {
	w.now = w.now.Add(tick)
	w.ticks++
	for _, name := range w.names {
		w.databases[name].wake()
	}
	for _, name := range w.names {
		w.databases[name].replicate()
	}
	for _, g := range w.gateways {
		g.touch()
		g.clients()
	}
	for _, name := range w.names {
		w.look(name)
	}
	w.check()
	w.turn()
	w.check()
}

// run lets time pass until the invariants break.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end) && len(w.broken) == 0; {
		w.tick()
	}
}

// runUntil lets time pass until a condition holds; false when it never did.
func (w *world) runUntil(limit time.Duration, holds func() bool) bool {
	for end := w.now.Add(limit); w.now.Before(end) && len(w.broken) == 0; {
		if holds() {
			return true
		}
		w.tick()
	}
	return holds()
}

// turn is the leader's: look, decide, do one step.
func (w *world) turn() {
	w.idle++
	if w.frozen || w.now.Before(w.retryAt) {
		return
	}
	view := w.view()
	step, reason := topology.Next(w.record, view, w.policy, w.now)
	if step.Do == topology.ActWait {
		return
	}
	w.idle = 0
	w.checkStep(step, view)
	err := w.perform(step, view)
	w.trace(describe(step, reason, err))
	if err != nil {
		w.retryAt = w.now.Add(retryAfter)
		return
	}
	w.steps++
	w.after(w.steps)
}

// changeLeader lets another controller lead: it knows the record, and nothing
// of what the one before did. Its own observers have yet to ask.
func (w *world) changeLeader() {
	w.deeds, w.outlived, w.retryAt = deeds{}, map[string]uint64{}, time.Time{}
	for _, o := range w.observers {
		o.answer, o.nextAsk, o.known = topology.Answer{}, w.now, false
	}
}

// perform does a step to the world as the control loop would.
func (w *world) perform(step topology.Step, view topology.View) error {
	switch step.Do {
	case topology.ActSave:
		w.save(step.Record)
		return nil
	case topology.ActRestart, topology.ActReseed:
		return w.process(step)
	}
	d := w.databases[step.Instance]
	if d == nil || !d.observed() || step.Target != "" && w.reach(step) != nil {
		return errAnswer
	}
	w.observers[step.Instance].answer = topology.Answer{}
	err := w.statement(d, step)
	if step.Do == topology.ActRegister && err == nil {
		w.observers[step.Target].known = false
	}
	switch {
	case err == nil:
		w.deeds.done(step, w.record.Reign, view)
	case errors.Is(err, errDiverged):
		w.deeds.refused(step, w.record.Reign, view)
		err = nil
	}
	w.ask(step.Instance)
	return err
}

// reach asks the replica of a registration before the main is told anything.
func (w *world) reach(step topology.Step) error {
	t := w.databases[step.Target]
	if t == nil || !t.observed() && (step.Do == topology.ActRegister || t.up || t.away || t.unseen) {
		return errAnswer
	}
	return nil
}

func (w *world) statement(d *database, step topology.Step) error {
	stalled := d.commit != nil
	switch step.Do {
	case topology.ActDemote:
		return d.demote()
	case topology.ActPromote:
		err := d.promote()
		if err == nil {
			w.promoted = w.record.Reign
		}
		if err == nil && w.snapshot {
			d.takeSnapshot()
		}
		return err
	case topology.ActRegister:
		return d.register(w.databases[step.Target], step.Mode)
	case topology.ActDrop:
		if stalled {
			return errBusy
		}
		d.drop(step.Target)
		return nil
	case topology.ActEnsureUser:
		if d.role != topology.RoleMain {
			return errors.New("it is not main")
		}
		d.users = true
		return nil
	case topology.ActMark:
		return d.mark()
	}
	return fmt.Errorf("step %q is not known", step.Do)
}

// mark is the marker transaction.
func (d *database) mark() error {
	if !d.begin(0, nil) {
		return errors.New("the transaction was aborted")
	}
	if d.commit.stalled {
		return errAnswer
	}
	d.finish()
	return nil
}

// process is a step that acts on a process. It needs the node, not the database.
func (w *world) process(step topology.Step) error {
	d := w.databases[step.Instance]
	if d == nil || d.away {
		return errAnswer
	}
	d.kill()
	if step.Do == topology.ActReseed {
		d.wipe()
		d.damaged = false
	}
	d.forgetRole()
	d.start(w.startDelay)
	return nil
}

func (w *world) save(next topology.Record) {
	if next.Heir != "" && w.record.Request != nil && w.record.Request.Force && next.Heir == w.record.Request.Target {
		w.forced = true
	}
	w.checkSave(next)
	w.learnUnlogged(next)
	w.record = next
	w.settleLosses()
}

// acknowledged is called when a client has heard that its write is done.
func (w *world) acknowledged(d *database, id int) {
	if id == 0 {
		return
	}
	if d.analytical && w.noted(w.record, d.name) == nil {
		return // for the moment in which nobody can know yet, there is no promise
	}
	w.acked = append(w.acked, id)
	w.checkAcknowledgement(d)
}

// noted is what a record remembers of what an instance wrote as main.
func (w *world) noted(r topology.Record, name string) *topology.Unreplicated {
	if u := r.Members[name].Unreplicated; u != nil && u.Process == "" {
		return u
	}
	return nil
}

// learnUnlogged: from the moment that the record says who wrote what nobody else has,
// all of that is promised.
func (w *world) learnUnlogged(next topology.Record) {
	for _, name := range w.names {
		if w.noted(next, name) != nil && w.noted(w.record, name) == nil {
			w.acked = append(w.acked, w.databases[name].unlogged...)
		}
	}
}

// forget takes back the promise for a write that nothing holds any more.
func (w *world) forget(id int) {
	n := slices.Index(w.acked, id)
	if n < 0 {
		return
	}
	w.acked = slices.Delete(w.acked, n, n+1)
	for _, d := range w.databases {
		d.verified = 0
	}
}

// alone names the main, or the last one, that has what nobody else has.
func (w *world) alone() string {
	last := []string{w.record.Main}
	if w.record.Main == "" {
		last = []string{w.record.Heir, w.record.From}
	}
	for _, name := range last {
		if name != "" && w.noted(w.record, name) != nil {
			return name
		}
	}
	return ""
}

func describe(s topology.Step, reason string, err error) string {
	text := string(s.Do)
	switch {
	case s.Do == topology.ActSave:
		text = describeRecord(s.Record)
	case s.Do == topology.ActRegister:
		text += " " + s.Target + " " + string(s.Mode) + " at " + s.Instance
	case s.Target != "":
		text += " " + s.Target + " at " + s.Instance
	default:
		text += " " + s.Instance
	}
	if err != nil {
		text += " FAILED: " + err.Error()
	}
	return text + "\n      " + reason
}

func describeRecord(r topology.Record) string {
	text := fmt.Sprintf("record %d %s", r.Epoch, r.Gate)
	for _, f := range []struct{ name, value string }{
		{"main", r.Main}, {"heir", r.Heir}, {"from", r.From}, {"voter", r.Voter}, {"plan", string(r.Plan)},
	} {
		if f.value != "" {
			text += " " + f.name + "=" + f.value
		}
	}
	return text
}
