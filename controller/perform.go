package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

// limits bound each step. None may block the loop for long: while it waits it
// decides nothing else. A demotion waits up to 5 s for the connection to a
// silent replica (memgraph-observed 20 N); a promotion for whatever the
// replication server still handles.
var limits = map[topology.Action]time.Duration{
	topology.ActSave:       2 * time.Second,
	topology.ActDemote:     6 * time.Second,
	topology.ActPromote:    5 * time.Second,
	topology.ActRegister:   3 * time.Second,
	topology.ActDrop:       2 * time.Second,
	topology.ActEnsureUser: 3 * time.Second,
	topology.ActMark:       2 * time.Second,
	topology.ActRestart:    10 * time.Second,
	topology.ActReseed:     20 * time.Second,
}

// leaseMargin is what must be left of the lease when a step ends: the time that
// clocks and schedulers may be off.
const leaseMargin = 200 * time.Millisecond

var errNotLeading = errors.New("the lease has ended")

// perform carries out one step. Its deadline never outlives the lease, so that
// no statement of a deposed leader is still on its way when the next one acts.
func (c *Controller) perform(ctx context.Context, step topology.Step, view topology.View) error {
	left := c.config.Lease.Until().Add(-leaseMargin).Sub(c.config.Now())
	if left <= 0 {
		return errNotLeading
	}
	work := ctx
	ctx, cancel := context.WithTimeout(ctx, min(left, limits[step.Do]))
	defer cancel()
	defer c.stayInTouch(ctx)()
	var err error
	switch step.Do {
	case topology.ActSave:
		return c.save(ctx, step.Record)
	case topology.ActRestart:
		err = c.config.Fleet.Restart(ctx, step.Instance)
		c.observers.refresh(work, step.Instance)
	case topology.ActReseed:
		err = c.config.Fleet.Reseed(ctx, step.Instance, c.record.Members[step.Instance].Quarantined.Reason)
		c.observers.refresh(work, step.Instance)
	default:
		err = c.tell(ctx, step, view)
	}
	switch {
	case err == nil:
		c.deeds.done(step, c.record.Reign, view)
	case errors.Is(err, memgraph.ErrDiverged):
		c.deeds.refusedAt(step, c.record.Reign, view)
		c.transition(api.TransitionRefused, "%s refuses the data of %s as diverged", step.Instance, step.Target)
		err = nil
	}
	return err
}

// tell lets a database do the step, and asks it afterwards what it is now.
func (c *Controller) tell(ctx context.Context, step topology.Step, view topology.View) error {
	w := c.observers.get(step.Instance)
	if w == nil {
		return fmt.Errorf("%s: there is no such instance any more", step.Instance)
	}
	if err := c.reach(ctx, step); err != nil {
		return err
	}
	w.forget()
	err := c.statement(ctx, w.db, step, view)
	if step.Do == topology.ActRegister && err == nil {
		if target := c.observers.get(step.Target); target != nil {
			target.forgetStorage()
		}
	}
	_ = w.ask(ctx) // a failure is kept as evidence
	return err
}

// reach makes sure that the replica of a registration answers at this moment, or
// for DROP at least refuses: REGISTER of an address that swallows packets locks the
// main for 10 s, and DROP of a silent replica kills it. That a process is dead is
// no answer: the address of a pod that is gone swallows packets.
func (c *Controller) reach(ctx context.Context, step topology.Step) error {
	if step.Do != topology.ActRegister && step.Do != topology.ActDrop {
		return nil
	}
	target := c.observers.get(step.Target)
	if target == nil {
		return fmt.Errorf("%s: there is no such instance any more", step.Target)
	}
	err := target.knock(ctx)
	if err != nil && (step.Do == topology.ActRegister || !isRefused(err)) {
		return fmt.Errorf("%s %s: it does not answer at this moment: %w", step.Do, step.Target, err)
	}
	return nil
}

func (c *Controller) statement(ctx context.Context, db Database, step topology.Step, view topology.View) error {
	switch step.Do {
	case topology.ActDemote:
		return db.Demote(ctx)
	case topology.ActPromote:
		return db.Promote(ctx)
	case topology.ActRegister:
		return db.Register(ctx, step.Target, step.Mode, view.Instances[step.Target].Replication)
	case topology.ActDrop:
		return db.Drop(ctx, step.Target)
	case topology.ActEnsureUser:
		return db.EnsureUser(ctx, c.config.User, c.config.Password)
	case topology.ActMark:
		return db.Mark(ctx)
	}
	return fmt.Errorf("step %q is not known", step.Do)
}

// save writes the record and lets the gateways follow it at once.
func (c *Controller) save(ctx context.Context, record topology.Record) error {
	record.Writer = c.config.Name
	version, err := c.config.Store.Save(ctx, record, c.version)
	if err != nil {
		c.stale = true // somebody else wrote, or nobody knows what was written
		return fmt.Errorf("save the record: %w", err)
	}
	c.wrote = true
	c.adopt(record, version)
	return nil
}
