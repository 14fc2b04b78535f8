package controller

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

const (
	// failoversKept bounds the memory of past failovers.
	failoversKept = 200
	// firstWriteWithin is how long a failover waits for a client's first answered
	// bytes before it is filed without them: nobody may be writing.
	firstWriteWithin = 5 * time.Second
)

// timeline files every change of who takes writes, with the time that each of
// its phases took. It belongs to the loop.
type timeline struct {
	filed   []api.Failover
	running *failover
	ended   func(api.Failover) // told of each that is filed
}

// failover is one that goes on.
type failover struct {
	api.Failover
	phase      api.PhaseName
	phaseSince time.Time
	before     counts
	opened     time.Time
	openEpoch  uint64
}

// counts is what the timeline reads of the gateways.
type counts struct {
	cut, released int
	applied       uint64
	firstAnswer   time.Time
}

// kinds are the plans that are filed; the first start of a cluster is none.
var kinds = map[topology.Plan]api.FailoverKind{
	topology.PlanFailover:   api.KindFailover,
	topology.PlanReturn:     api.KindFailover,
	topology.PlanSwitchover: api.KindSwitchover,
	topology.PlanHandover:   api.KindHandover,
	topology.PlanRefresh:    api.KindRefresh,
	topology.PlanVoter:      api.KindVoter,
}

// change is one change of the record.
type change struct {
	before, after topology.Record
	view          topology.View
	// seen is the evidence, and first when the first sign was seen.
	seen  []string
	first time.Time
}

// turn follows a change of the record.
func (t *timeline) turn(ch change, g counts, now time.Time) {
	before, after := ch.before, ch.after
	switch {
	case after.Gate == topology.GateOpen:
		t.open(before, after, now)
	case before.Gate == topology.GateOpen, t.running != nil && before.Plan != after.Plan:
		from := before.Main
		if t.running != nil && from == "" {
			from = t.running.From // another one follows whom that one was to follow
		}
		t.supersede(g, now)
		t.begin(ch, from, g, now)
	case t.running != nil && after.Heir != "":
		t.running.To = after.Heir
	}
}

func (t *timeline) begin(ch change, from string, g counts, now time.Time) {
	kind, ok := kinds[ch.after.Plan]
	if !ok {
		return
	}
	f := &failover{before: g, Failover: api.Failover{
		ID: fmt.Sprintf("epoch-%d", ch.after.Epoch), Kind: kind, Reason: cause(ch), Detail: ch.after.Reason,
		From: from, To: ch.after.Heir, Epoch: ch.after.Epoch, Evidence: ch.seen, Started: now,
	}}
	for _, r := range []*topology.Request{ch.after.Request, ch.before.Request} {
		if r != nil {
			f.ID = r.ID
			break
		}
	}
	if !ch.first.IsZero() && ch.first.Before(now) {
		f.Started = ch.first
	}
	f.phase, f.phaseSince = api.PhaseDetect, f.Started
	f.enter(api.PhaseFence, now)
	t.running = f
}

// cause is the reason in a word, for metrics.
func cause(ch change) string {
	main, voter := ch.view.Instances[cmp.Or(ch.before.Main, ch.before.Heir)], ch.view.Instances[ch.before.Voter]
	switch plan := ch.after.Plan; {
	case ch.before.Request != nil:
		return "requested"
	case plan == topology.PlanRefresh:
		return "restarted"
	case plan == topology.PlanSwitchover && main.Terminating, plan == topology.PlanVoter && voter.Terminating:
		return "terminating"
	case plan == topology.PlanSwitchover:
		return "restarted"
	case plan == topology.PlanVoter && ch.before.Voter == "":
		return "elected"
	case plan == topology.PlanVoter, plan == topology.PlanHandover:
		return string(voter.Health)
	}
	return string(main.Health)
}

func (t *timeline) open(before, after topology.Record, now time.Time) {
	f := t.running
	if f == nil {
		return
	}
	f.To, f.opened, f.openEpoch = after.Main, now, after.Epoch
	f.Result = api.ResultCompleted
	if before.Heir == "" && slices.Contains([]topology.Plan{topology.PlanSwitchover, topology.PlanHandover, topology.PlanRefresh}, before.Plan) {
		f.Result = api.ResultReverted
	}
	f.enter(api.PhaseRoute, now)
}

// observe moves the running failover into the phase that the next step belongs
// to, and files it when a client was answered or nobody asked. fenced: no gateway is
// waited for.
func (t *timeline) observe(step topology.Step, fenced bool, g counts, now time.Time) {
	f := t.running
	switch {
	case f == nil:
	case f.opened.IsZero():
		f.enter(phaseOf(step, fenced), now)
	case g.applied < f.openEpoch:
	case g.firstAnswer.After(f.opened):
		f.enter(api.PhaseFirstWrite, now)
		f.phaseSince = f.opened
		f.enter("", g.firstAnswer)
		t.file(g, f.opened)
	case now.Sub(f.opened) > firstWriteWithin:
		t.file(g, f.opened)
	default:
		f.enter(api.PhaseFirstWrite, now)
	}
}

func phaseOf(step topology.Step, fenced bool) api.PhaseName {
	if !fenced {
		return api.PhaseFence
	}
	switch step.Do {
	case topology.ActDemote:
		return api.PhaseDemote
	case topology.ActPromote:
		return api.PhasePromote
	case topology.ActRegister, topology.ActDrop, topology.ActRestart, topology.ActReseed, topology.ActEnsureUser:
		return api.PhaseRegister
	default:
		return api.PhaseVoter
	}
}

// enter ends the present phase. One that comes again is added up.
func (f *failover) enter(phase api.PhaseName, now time.Time) {
	if f.phase == phase {
		return
	}
	f.add(api.Phase{Name: f.phase, Started: f.phaseSince, Duration: api.Duration(now.Sub(f.phaseSince))})
	f.phase, f.phaseSince = phase, now
}

func (f *failover) add(p api.Phase) {
	i := slices.IndexFunc(f.Phases, func(q api.Phase) bool { return q.Name == p.Name })
	if i < 0 {
		f.Phases = append(f.Phases, p)
		return
	}
	f.Phases = slices.Clone(f.Phases)
	f.Phases[i].Duration += p.Duration
}

// supersede files a running failover because another takes its place.
func (t *timeline) supersede(g counts, now time.Time) {
	f := t.running
	switch {
	case f == nil:
	case f.opened.IsZero():
		f.enter("", now)
		f.Result = api.ResultSuperseded
		t.file(g, now)
	default: // it had reached its end, only nobody had written yet
		t.file(g, f.opened)
	}
}

func (t *timeline) file(g counts, finished time.Time) {
	f := t.running
	t.running = nil
	f.Finished = finished
	f.SessionsCut, f.Held = g.cut-f.before.cut, g.released-f.before.released
	t.filed = append(t.filed, f.Failover)
	t.ended(f.Failover)
	if extra := len(t.filed) - failoversKept; extra > 0 {
		t.filed = slices.Delete(t.filed, 0, extra)
	}
}

// list returns what is filed and what goes on, oldest first.
func (t *timeline) list() []api.Failover {
	list := slices.Clone(t.filed)
	if t.running != nil {
		running := t.running.Failover
		running.Result = api.ResultRunning
		list = append(list, running)
	}
	return list
}
