package controller

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// snapshot is what the loop shows to other goroutines. It is never changed
// after it was published.
type snapshot struct {
	at          time.Time
	record      topology.Record
	recordErr   error
	view        topology.View
	reads       topology.Reads
	decision    api.Decision
	failure     string
	lag         map[string]time.Duration
	warnings    map[string][]string // of settings
	transitions []api.Transition
	failovers   []api.Failover
	unavailable time.Duration
}

// decided keeps the answer of the core, and since when it is the same.
func (c *Controller) decided(step topology.Step, reason string, now time.Time) {
	text := describe(step)
	c.decisions.since("", text+reason, now)
	c.decision = api.Decision{Step: text, Reason: reason, Since: c.decisions[""].at}
}

// describe puts a step in a few words.
func describe(s topology.Step) string {
	switch s.Do {
	case topology.ActRegister:
		return fmt.Sprintf("%s %s %s at %s", s.Do, s.Target, s.Mode, s.Instance)
	case topology.ActDrop:
		return fmt.Sprintf("%s %s at %s", s.Do, s.Target, s.Instance)
	case topology.ActSave:
		return fmt.Sprintf("%s epoch %d", s.Do, s.Record.Epoch)
	}
	return strings.TrimSpace(string(s.Do) + " " + s.Instance)
}

// publish shows the present state to whoever asks for the status.
func (c *Controller) publish(view topology.View, now time.Time) {
	if !c.turned.IsZero() && c.record.Gate != topology.GateOpen {
		c.unavailable += now.Sub(c.turned)
	}
	c.turned = now
	c.published.Store(&snapshot{
		at: now, record: c.record, recordErr: c.recordErr, view: view, reads: c.reads, decision: c.decision, failure: c.failure,
		lag: c.lags(view, now), warnings: c.warnings(view), transitions: slices.Clone(c.transitions), failovers: c.timeline.list(), unavailable: c.unavailable,
	})
}

// warnings are what is known to be wrong with the settings of each instance.
func (c *Controller) warnings(view topology.View) map[string][]string {
	all := map[string][]string{}
	for name := range view.Instances {
		w := c.observers.get(name)
		if w == nil {
			continue
		}
		if list := w.settingWarnings(); len(list) > 0 {
			all[name] = list
		}
	}
	return all
}

// lags tells for how long each replica was not seen in sync.
func (c *Controller) lags(view topology.View, now time.Time) map[string]time.Duration {
	lags := map[string]time.Duration{}
	for _, row := range view.Instances[c.record.Main].Answer.Replicas {
		inSync := row.Status == topology.StatusReady && row.Behind == 0
		since := c.lag.since(row.Name, fmt.Sprint(inSync), now)
		if !inSync {
			lags[row.Name] = now.Sub(since)
		}
	}
	return lags
}

// Status implements api.Backend.
func (c *Controller) Status() api.Status {
	s := c.published.Load()
	status := api.Status{
		Version: c.config.Version, Cluster: c.config.Cluster, Controller: c.config.Name, Leader: c.config.Lease.Leader(),
		Time: s.at, Epoch: s.record.Epoch, Record: s.record, Instances: []api.Instance{},
		Gateways:    c.gatewayStatus(),
		Controllers: c.peers.known(),
		Transitions: s.transitions, WriteUnavailable: api.Duration(s.unavailable),
	}
	if s.record.Pause != nil && s.at.Before(s.record.Pause.Until) {
		status.Paused = s.record.Pause
	}
	for _, name := range sortedNames(s.view) {
		status.Instances = append(status.Instances, s.instance(name, status.Gateways))
	}
	status.Routing = s.routing(status.Gateways)
	status.Controllers = append(status.Controllers, api.ControllerStatus{
		Name: c.config.Name, Answered: s.at, Epoch: s.record.Epoch, Applied: applied(status.Gateways), Silenced: status.Gateways[0].Silenced,
		Gateways: counted(status.Gateways),
	})
	slices.SortFunc(status.Controllers, func(a, b api.ControllerStatus) int { return strings.Compare(a.Name, b.Name) })
	return status
}

func (s *snapshot) routing(gateways []gateway.Status) api.Routing {
	r := api.Routing{Epoch: s.record.Epoch, Gate: s.record.Gate, Plan: s.record.Plan, Write: []string{}, Read: []string{}, Decision: s.decision}
	for _, u := range gateways[0].Upstreams {
		r.Write = append(r.Write, u.Address)
	}
	for _, g := range gateways[1:] {
		for _, u := range g.Upstreams {
			r.Read = append(r.Read, u.Address)
		}
	}
	if s.failure != "" {
		r.Decision.Reason += "; the last try failed: " + s.failure
	}
	return r
}

// instance is one instance as the API shows it.
func (s *snapshot) instance(name string, gateways []gateway.Status) api.Instance {
	i, m := s.view.Instances[name], s.record.Members[name]
	main := s.view.Instances[s.record.Main]
	out := api.Instance{
		Name: name, Bolt: i.Bolt, Replication: i.Replication, Role: i.Answer.Role, Health: i.Health,
		Process: i.Process, Started: i.Started, Answered: i.Answer.Asked, Lag: api.Duration(s.lag[name]),
		InReadPool: slices.Contains(s.reads.Pool, name), OutOfPool: s.reads.Why[name], Terminating: i.Terminating, Refused: i.Refused == s.record.Reign && i.Refused != 0,
		Unreplicated: topology.UnreplicatedWhy(s.record, i), Warnings: s.warnings[name],
		Quarantined: m.Quarantined, Clean: topology.Clean(s.record, i), Sessions: map[string]int{},
	}
	out.PID, _, _ = strings.Cut(strings.TrimPrefix(i.Process, "pid-"), "-")
	for _, g := range gateways {
		for _, u := range g.Upstreams {
			if u.Address == i.Bolt {
				out.Sessions[g.Name] = u.Sessions
			}
		}
	}
	for _, row := range main.Answer.Replicas {
		if row.Name == name {
			out.Mode, out.Status, out.Behind = row.Mode, row.Status, row.Behind
		}
	}
	out.Ready = i.Health == topology.HealthUp && (name == s.record.Main && s.record.Gate == topology.GateOpen || out.Status == topology.StatusReady)
	return out
}

func sortedNames(v topology.View) []string {
	names := make([]string, 0, len(v.Instances))
	for name := range v.Instances {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Failovers implements api.Backend.
func (c *Controller) Failovers() []api.Failover { return c.published.Load().failovers }

// Connections implements api.Backend.
func (c *Controller) Connections() []api.Connection {
	connections := []api.Connection{}
	for _, g := range c.gateways {
		name := g.Status().Name
		for _, session := range g.Sessions() {
			connections = append(connections, api.Connection{Gateway: name, Session: session})
		}
	}
	return connections
}

// stuckAfter is how long the loop may take for one turn: longer than any step.
const stuckAfter = 30 * time.Second

// Live implements api.Backend: the loop turns.
func (c *Controller) Live() []api.Check {
	age := c.config.Now().Sub(c.published.Load().at)
	return []api.Check{{Name: "loop", OK: age < stuckAfter, Reason: fmt.Sprintf("last turn %s ago", age.Round(time.Millisecond))}}
}

// Ready implements api.Backend: the gateways listen and know where to go. That the
// record cannot be read now takes no gateway out of service: an outage of the API
// server would take all of them.
func (c *Controller) Ready() []api.Check {
	s := c.published.Load()
	record := api.Check{Name: "record", OK: s.recordErr == nil || s.record.Epoch > 0, Reason: fmt.Sprintf("epoch %d", s.record.Epoch)}
	if s.recordErr != nil {
		record.Reason = s.recordErr.Error()
	}
	checks := []api.Check{record}
	for _, g := range c.gateways {
		status := g.Status()
		check := api.Check{Name: "gateway-" + status.Name, OK: status.Running, Reason: "listens on " + status.Address}
		if fault := g.fault.Load(); !status.Running && fault != nil {
			check.Reason = *fault
		}
		checks = append(checks, check)
	}
	return checks
}

// gatewayCounts is what the timeline reads.
func (c *Controller) gatewayCounts() counts {
	all := c.gatewayStatus()
	g := counts{applied: applied(all), firstAnswer: all[0].FirstAnswerAt, released: int(all[0].Counters.Released)}
	for _, reason := range []gateway.Cut{gateway.CutRoute, gateway.CutBusy, gateway.CutIsolated} {
		for _, one := range all {
			g.cut += int(one.Counters.Cut[reason])
		}
	}
	return g
}

// evidence is why a record changed, for the timeline: what was seen of the main
// and of the voter, and when the first sign of it was.
func (c *Controller) evidence(before, after topology.Record, view topology.View) change {
	ch := change{before: before, after: after, view: view}
	for _, name := range []string{before.Main, before.Voter} {
		w, i := c.observers.get(name), view.Instances[name]
		if w == nil || i.Health == topology.HealthUp {
			continue
		}
		_, process, sightings := w.report()
		if process.Dead {
			ch.note(i.Since, "%s: its process is gone", name)
		}
		for _, s := range sightings {
			if s.Failures > 0 {
				ch.note(s.FailingSince, "%s: %s failed %d times in a row (refused: %v)", name, s.Observer, s.Failures, s.Refused)
			}
		}
	}
	return ch
}

func (ch *change) note(at time.Time, format string, args ...any) {
	ch.seen = append(ch.seen, fmt.Sprintf(format, args...))
	if ch.first.IsZero() || at.Before(ch.first) {
		ch.first = at
	}
}
