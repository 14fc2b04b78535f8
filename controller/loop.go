package controller

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

const (
	// tick is how often the situation is looked at when nothing changes: time
	// alone can make a decision ripe. While all is well it is calmTick.
	tick     = 50 * time.Millisecond
	calmTick = 200 * time.Millisecond
	// retryAfter is the time until a step that failed is tried again, and
	// retryRecord the same for the record, which other things depend on too.
	retryAfter  = 50 * time.Millisecond
	retryRecord = 250 * time.Millisecond
	// reloadEvery is how often the record is read without a reason, so that a
	// write gateway knows that it is in touch.
	reloadEvery = 500 * time.Millisecond
	// hurryFor bounds how long instances are asked as fast as possible after the
	// gate closed, if all is not well before.
	hurryFor = 5 * time.Second
)

// suspicious is for how long the other controllers are asked as fast as possible
// after an instance did not answer.
const suspicious = 500 * time.Millisecond

// plannedReadDrain is how long a read may go on at an instance that leaves the read
// pool while nothing is wrong. A planned change waits for it, so it adds to the
// pause of writers, where such a read is under way; a failover does not wait as long.
const plannedReadDrain = time.Second

// loop is the only goroutine that reads and writes what this file and the
// record-keeping parts of Controller hold.
func (c *Controller) loop(ctx context.Context) {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for ctx.Err() == nil {
		c.refreshRecord(ctx)
		for c.turn(ctx) && ctx.Err() == nil {
			c.refreshRecord(ctx)
		}
		timer.Reset(c.untilTick())
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-c.config.Write.Changes():
		case <-c.readChanges():
		case <-c.config.Store.Changes():
			c.stale = true
		case command := <-c.commands:
			command()
		case <-timer.C:
		}
	}
}

func (c *Controller) untilTick() time.Duration {
	if c.well {
		return calmTick
	}
	return tick
}

// refreshRecord reads the record when somebody may have changed it. Without a
// record that can be read nothing is decided, and the gateways keep their routes.
func (c *Controller) refreshRecord(ctx context.Context) {
	now := c.config.Now()
	c.hear(now)
	switch since := now.Sub(c.loaded); {
	case c.recordErr != nil && since < retryRecord, !c.stale && since < reloadEvery:
		return
	}
	limited, cancel := context.WithTimeout(ctx, limits[topology.ActSave])
	defer cancel()
	record, version, err := c.config.Store.Load(limited)
	c.loaded = now
	if errors.Is(err, ErrNoRecord) {
		record, version, err = topology.Record{Format: topology.Format, Gate: topology.GateClosed}, "", nil
	}
	if err == nil && record.Epoch < c.record.Epoch {
		err = fmt.Errorf("the record went back from epoch %d to %d: an epoch never falls, so this one cannot be trusted", c.record.Epoch, record.Epoch)
	}
	if err != nil {
		if c.recordErr == nil || c.recordErr.Error() != err.Error() {
			c.config.Log.Error("the record cannot be read: nothing is decided", "error", err)
		}
		c.recordErr, c.stale = err, true
		return
	}
	c.recordErr, c.stale = nil, false
	if version != c.version || !c.adopted {
		c.adopt(record, version)
	}
	c.config.Write.Confirm(now) // of the route that is followed by now
}

// turn looks, decides and does at most one step. It reports whether it is worth
// asking again at once.
func (c *Controller) turn(ctx context.Context) bool {
	c.listControllers(ctx)
	now := c.config.Now()
	if c.takesOver(now) {
		return true
	}
	view := c.look(now)
	step, reason := topology.Step{Do: topology.ActWait}, "the record cannot be read: nothing is decided"
	switch {
	case !c.observers.ready():
		reason = "the instances are not known yet"
	case c.recordErr == nil && c.adopted:
		step, reason = topology.Next(c.record, view, c.config.Policy, now)
		c.routeWrites(view) // an address may have changed
	}
	c.routeReads(view)
	c.well = c.recordErr == nil && step.Do == topology.ActWait && c.record.Gate == topology.GateOpen && allUp(view)
	c.observers.well.Store(c.well)
	if c.well {
		c.peers.calmUntil(now.Add(2 * calmTick))
	}
	c.timeline.observe(step, topology.Fenced(c.record, view), c.gatewayCounts(), now)
	c.decided(step, reason, now)
	c.publish(view, now)
	if step.Do == topology.ActWait || !c.leads() || now.Before(c.retryAt) || !c.sawSince(view, now) {
		return false
	}
	if step.Do != topology.ActSave && !c.wrote {
		step, reason = topology.Step{Do: topology.ActSave, Record: c.record}, "a new leader writes the record before it does anything else"
	}
	if err := c.perform(ctx, step, view); err != nil {
		c.failed(step, err)
		return false
	}
	c.failure = ""
	// The same step again means that the last one changed nothing that can be
	// seen, such as a pod that takes its time to end; what would then run hot waits
	// for a tick, and needs no second line in the log.
	again := describe(step) == c.lastStep
	c.lastStep = describe(step)
	if !again && step.Do != topology.ActSave { // which has a line of its own
		c.config.Log.Info("step", "do", describe(step), "epoch", c.record.Epoch, "reason", reason)
	}
	return !again
}

func allUp(view topology.View) bool {
	for _, i := range view.Instances {
		if i.Health != topology.HealthUp {
			return false
		}
	}
	return true
}

func (c *Controller) leads() bool { return !c.retired && c.config.Lease.Until().After(c.config.Now()) }

// takesOver notices the beginning of a lease. Whoever led before may have saved a
// record and done a step until its end, and what this controller did when it led
// last may have been undone.
func (c *Controller) takesOver(now time.Time) bool {
	leads := c.leads()
	begins := leads && !c.led
	c.led = leads
	if begins {
		c.ledSince, c.stale, c.wrote = now, true, false
		c.deeds, c.outlived = deeds{}, map[string]uint64{}
		c.observers.hurryUntil(now.Add(hurryFor))
	}
	return begins
}

// sawSince: every answer was asked for since this controller leads. An older one may
// not show the last step of the leader before: to register a second voter beside the
// one that it registered takes no more. An instance that only other controllers reach
// is not waited for longer than a question may take.
func (c *Controller) sawSince(view topology.View, now time.Time) bool {
	if now.Sub(c.ledSince) > 2*c.config.Detection.ProbeTimeout {
		return true
	}
	for _, i := range view.Instances {
		if asked := i.Answer.Asked; i.Health == topology.HealthUp && !asked.IsZero() && asked.Before(c.ledSince) {
			return false
		}
	}
	return true
}

// failed keeps a step's error for the status, and logs it once per text.
func (c *Controller) failed(step topology.Step, err error) {
	c.retryAt = c.config.Now().Add(retryAfter)
	if step.Do == topology.ActSave {
		c.retryAt = c.config.Now().Add(retryRecord)
	}
	text := err.Error()
	if text != c.failure && !errors.Is(err, context.Canceled) {
		c.config.Log.Warn("step failed", "step", describe(step), "error", err)
	}
	c.failure = text
}

// look assembles the view from what the observers and gateways know now.
func (c *Controller) look(now time.Time) topology.View {
	view := topology.View{Instances: map[string]topology.Instance{}, Gateways: map[string]topology.Gateway{}}
	for _, name := range c.observers.names() {
		w := c.observers.get(name)
		if w == nil {
			continue
		}
		i, process, sightings := w.report()
		if i.StorageKnown && i.Database != c.record.Database {
			w.doubtStorage()
		}
		if probe := sightings[0]; !process.Dead && probe.Failures > 0 && now.Sub(probe.FailingSince) < hurryFor {
			c.peers.hurryUntil(now.Add(suspicious)) // what do they see?
		}
		sightings = append(sightings, c.peers.sightings(name, process.ID)...)
		i.Health = Judge(process, sightings, c.config.Detection, c.config.Controllers, now)
		i.Since = c.health.since(name, string(i.Health), now)
		view.Instances[name] = i
	}
	main := c.record.Main
	if main == "" {
		main = c.record.Heir
	}
	mainProcess := view.Instances[main].Process
	c.lookAtReplicas(view, main, now)
	gateways := c.gatewayStatus()
	epoch := applied(gateways)
	view.Gateways[c.config.Name] = topology.Gateway{
		Name: c.config.Name, Epoch: epoch, At: c.applied.since(c.config.Name, strconv.FormatUint(epoch, 10), now), Silenced: gateways[0].Silenced,
	}
	c.lookAtPeers(view, now)
	for name, i := range view.Instances {
		if topology.Outlived(c.record, view, name) {
			c.outlived[name] = c.record.Reign
		}
		i.Outlived = c.outlived[name]
		view.Instances[name] = c.deeds.recall(i, mainProcess)
	}
	return view
}

// lookAtReplicas tells since when each replica is invalid at its main, and since when it
// gets no further. While the main is not known to say anything, nothing is forgotten.
func (c *Controller) lookAtReplicas(view topology.View, main string, now time.Time) {
	for _, row := range view.Instances[main].Answer.Replicas {
		i, known := view.Instances[row.Name]
		if !known {
			continue
		}
		invalid, place := row.Status == topology.StatusInvalid, ""
		if row.Behind < 0 {
			place = main + strconv.FormatInt(row.TS, 10) // what another main says is news
		}
		if since := c.invalid.since(row.Name, strconv.FormatBool(invalid), now); invalid {
			i.InvalidSince = since
		}
		if since := c.stuck.since(row.Name, place, now); place != "" {
			i.StuckSince = since
		}
		view.Instances[row.Name] = i
	}
}

// adopt makes a record the current one and the gateways follow it.
func (c *Controller) adopt(record topology.Record, version string) {
	before, first := c.record, !c.adopted
	c.record, c.version, c.adopted = record, version, true
	now := c.config.Now()
	view := c.look(now)
	switch {
	case record.Epoch != before.Epoch:
		c.timeline.turn(c.evidence(before, record, view), c.gatewayCounts(), now)
		c.transition(kindOf(before, record), "epoch %d: %s", record.Epoch, record.Reason)
		c.config.Log.Info("epoch", "epoch", record.Epoch, "main", record.Main, "voter", record.Voter, "heir", record.Heir,
			"gate", record.Gate, "plan", record.Plan, "reason", record.Reason)
		if record.Gate != topology.GateOpen {
			c.observers.hurryUntil(now.Add(hurryFor))
			c.peers.hurryUntil(now.Add(hurryFor))
		}
	case gaveUp(before, record):
		c.transition(api.TransitionGivenUp, "%s", record.Reason)
		c.config.Log.Warn("request given up", "reason", record.Reason)
	}
	if !first {
		c.tellOfMembers(before, record)
	}
	c.routeWrites(view)
	c.routeReads(view)
}

func (c *Controller) routeWrites(view topology.View) {
	if c.record.Epoch > 0 {
		c.config.Write.Follow(c.writeRoute(view))
	}
}

// writeRoute leads to the main, where it was last seen to be one.
func (c *Controller) writeRoute(view topology.View) gateway.Route {
	instance, gate, drain := topology.WriteRoute(c.record)
	route := gateway.Route{
		Epoch: c.record.Epoch, Flow: gateway.Flow(gate), Drain: drain,
		CutBusy: topology.CutsBusy(c.record), Mute: topology.Mutes(c.record),
	}
	if instance != "" {
		c.writes.follow(instance, view.Instances[instance].Bolt, topology.Serves(c.record, view, instance))
		if c.writes.address == "" {
			route.Flow = gateway.Closed
		} else {
			route.Upstreams = []string{c.writes.address}
		}
	}
	return route
}

// writeTarget is where the write gateway goes: to one instance, at the address
// where it was last seen to be what the record says.
type writeTarget struct{ instance, address string }

func (w *writeTarget) follow(instance, address string, serves bool) {
	if w.instance != instance {
		*w = writeTarget{instance: instance}
	}
	if serves {
		w.address = address
	}
}

func (c *Controller) routeReads(view topology.View) {
	if c.record.Epoch == 0 || c.config.Read == nil {
		return
	}
	c.reads = topology.ReadPool(c.record, view, c.config.Policy, c.reads.Pool)
	c.config.Read.Follow(c.readRoute(view))
}

// readRoute leads to the present read pool.
func (c *Controller) readRoute(view topology.View) gateway.Route {
	route := gateway.Route{Epoch: c.record.Epoch, Flow: gateway.Open}
	if topology.Planned(c.record) {
		route.LeaveWithin = plannedReadDrain
	}
	for _, name := range c.reads.Pool {
		route.Upstreams = append(route.Upstreams, view.Instances[name].Bolt)
	}
	for _, name := range c.reads.Leaving {
		route.Leaving = append(route.Leaving, view.Instances[name].Bolt)
	}
	return route
}

// sighted takes what a gateway's socket saw of an instance.
func (c *Controller) sighted(s gateway.Sighting) {
	if s.Outcome != gateway.Refused && s.Outcome != gateway.Reset {
		return
	}
	if w := c.observers.byBolt(s.Upstream); w != nil {
		if s.Outcome == gateway.Refused {
			w.socketRefused(s.At)
		} else {
			w.askSoon()
		}
	}
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
