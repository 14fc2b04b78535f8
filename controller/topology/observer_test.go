package topology_test

import (
	"time"

	"memgraph-controller/controller/topology"
)

const (
	probeEvery   = 250 * time.Millisecond
	suspectAfter = time.Second
	silenceAfter = 2 * time.Second
	// deadAfterExit is how late the end of a process is noticed.
	// modeEvery is the time between two questions for the storage mode.
	modeEvery     = 2 * time.Second
	deadAfterExit = 100 * time.Millisecond
)

// observer is what the leader's side sees of one instance.
type observer struct {
	process  string
	started  time.Time
	recovery time.Duration
	answer   topology.Answer
	nextAsk  time.Time
	lastSeen time.Time // of an answer
	health   topology.Health
	since    time.Time

	storage      string
	empty, known bool
	nextMode     time.Time // when the storage mode is asked for again
	mode         string    // what replicates nothing
}

// observed: the leader's questions and statements arrive.
func (d *database) observed() bool { return d.running() && !d.away && !d.unseen }

// look asks an instance if it is time, and judges it.
func (w *world) look(name string) {
	d, o := w.databases[name], w.observers[name]
	visible := !d.away && !d.unseen
	if visible && o.process != d.process() && !d.gone() {
		*o = observer{process: d.process(), started: w.now, lastSeen: w.now, health: o.health, since: o.since}
	}
	if hurry := w.record.Gate != topology.GateOpen; hurry || !w.now.Before(o.nextAsk) {
		w.ask(name)
	}
	health := w.judge(d, o)
	if health != o.health {
		o.health, o.since = health, w.now
	}
}

// ask is one question over a fresh connection. A stalled main answers it, but
// not the one for its storage.
func (w *world) ask(name string) {
	d, o := w.databases[name], w.observers[name]
	o.nextAsk = w.now.Add(probeEvery)
	if !d.observed() {
		return
	}
	if o.recovery == 0 {
		o.recovery = w.now.Sub(o.started)
	}
	o.lastSeen = w.now
	o.answer = topology.Answer{Asked: w.now, Role: d.role}
	if d.role == topology.RoleMain {
		o.answer.Replicas = d.rows()
	}
	if !o.known && (d.commit == nil || !d.commit.stalled) && w.now.After(o.started.Add(w.storageDelay)) {
		o.storage, o.empty, o.known = d.uuid(), d.empty(), true
		o.nextMode = time.Time{}
	}
	if o.known && !w.now.Before(o.nextMode) {
		o.nextMode, o.mode = w.now.Add(modeEvery), ""
		if d.analytical {
			o.mode = "storage_mode=IN_MEMORY_ANALYTICAL"
		}
	}
}

func (w *world) judge(d *database, o *observer) topology.Health {
	visible := !d.away && !d.unseen || o.health == topology.HealthDead // what was once seen dead
	silence := w.now.Sub(o.lastSeen)
	switch {
	case visible && d.gone() && w.now.Sub(d.downAt) >= deadAfterExit:
		return topology.HealthDead
	case silence >= silenceAfter:
		return topology.HealthSilent
	case o.answer.Role == topology.RoleUnknown && o.answer.Asked.IsZero() && !d.observed():
		return topology.HealthSuspect
	case silence >= suspectAfter:
		return topology.HealthSuspect
	}
	return topology.HealthUp
}

// view assembles what the leader knows.
func (w *world) view() topology.View {
	v := topology.View{Instances: map[string]topology.Instance{}, Gateways: map[string]topology.Gateway{}}
	main := w.record.Main
	if main == "" {
		main = w.record.Heir
	}
	var ruler string
	if o := w.observers[main]; o != nil {
		ruler = o.process
	}
	for _, name := range w.names {
		d, o := w.databases[name], w.observers[name]
		i := topology.Instance{
			Name: name, Bolt: name + ":7687", Replication: name + ":10000", Moving: w.now.Sub(o.started) < w.addressDelay,
			Health: o.health, Since: o.since, Terminating: d.terminating,
			Process: o.process, Started: o.started, Recovery: o.recovery, Failures: d.failures, Answer: o.answer,
			Database: o.storage, Empty: o.empty, StorageKnown: o.known, Unreplicated: o.mode,
		}
		v.Instances[name] = w.deeds.recall(i, ruler)
	}
	for _, g := range w.gateways {
		v.Gateways[g.name] = g.report()
	}
	for name, i := range v.Instances {
		if topology.Outlived(w.record, v, name) {
			w.outlived[name] = w.record.Reign
		}
		i.Outlived = w.outlived[name]
		v.Instances[name] = i
	}
	return v
}

// deeds is what the present leader did to the running processes.
type deeds map[string]deed

type deed struct {
	process                 string
	crowned, marked, joined uint64
	users, vouched          bool
	refused                 uint64
	refusedBy               string
}

func (d deeds) of(i topology.Instance) deed {
	if known := d[i.Name]; known.process == i.Process {
		return known
	}
	return deed{process: i.Process}
}

func (d deeds) recall(i topology.Instance, ruler string) topology.Instance {
	known := d.of(i)
	i.Crowned, i.Marked, i.Joined, i.Users, i.Vouched = known.crowned, known.marked, known.joined, known.users, known.vouched
	if known.refusedBy == ruler {
		i.Refused = known.refused
	}
	return i
}

func (d deeds) done(step topology.Step, reign uint64, view topology.View) {
	subject := step.Instance
	if step.Target != "" {
		subject = step.Target
	}
	known := d.of(view.Instances[subject])
	switch step.Do {
	case topology.ActPromote:
		known.crowned, known.marked, known.users = reign, 0, false
	case topology.ActDemote:
		known = deed{process: known.process}
	case topology.ActEnsureUser:
		known.users = true
	case topology.ActMark:
		if step.Target != "" {
			known.vouched = true
		} else {
			known.marked = reign
		}
	case topology.ActRegister:
		known.joined, known.refused = reign, 0
	case topology.ActDrop:
		known.joined = 0
	}
	d[subject] = known
}

func (d deeds) refused(step topology.Step, reign uint64, view topology.View) {
	known := d.of(view.Instances[step.Target])
	known.refused, known.refusedBy = reign, view.Instances[step.Instance].Process
	d[step.Target] = known
}
