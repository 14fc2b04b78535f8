package controller

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// command runs f in the loop's goroutine, between two steps.
func (c *Controller) command(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	select {
	case c.commands <- func() { done <- f() }:
	case <-ctx.Done():
		return api.Unavailable("the controller is busy with a step", "try again in a moment")
	}
	return <-done
}

// amend changes the record on behalf of a person, if check finds nothing wrong.
func (c *Controller) amend(ctx context.Context, check func(topology.View) error, change func(*topology.Record)) error {
	return c.command(ctx, func() error {
		now := c.config.Now()
		switch {
		case c.recordErr != nil:
			return api.Unavailable("the record cannot be read: "+c.recordErr.Error(), "mend the record first")
		case !c.leads():
			return api.Unavailable("this controller does not lead", "ask the leader: "+c.config.Lease.Leader())
		}
		if err := check(c.look(now)); err != nil {
			return err
		}
		record := c.record
		change(&record)
		record.Written = now
		if err := c.save(ctx, record); err != nil {
			return api.Unavailable(err.Error(), "try again")
		}
		c.transition(api.TransitionAsked, "%s", record.Reason)
		return nil
	})
}

// Switchover implements api.Backend.
func (c *Controller) Switchover(ctx context.Context, r api.SwitchoverRequest) (api.Accepted, error) {
	request := topology.Request{ID: newID(), Kind: topology.RequestSwitchover, Target: r.Target, By: r.By, At: c.config.Now()}
	err := c.amend(ctx, func(v topology.View) error {
		if err := c.checkTarget(v, r.Target); err != nil {
			return err
		}
		if c.record.Main == "" {
			return api.Conflict("there is no main at this moment", "wait for the failover that goes on")
		}
		return nil
	}, func(record *topology.Record) {
		record.Request, record.Reason = &request, fmt.Sprintf("switchover to %s asked for by %s", orVoter(r.Target), orSomebody(r.By))
	})
	return api.Accepted{ID: request.ID, Message: fmt.Sprintf("switchover from %s to %s", c.mainName(), orVoter(r.Target))}, err
}

// Failover implements api.Backend.
func (c *Controller) Failover(ctx context.Context, r api.FailoverRequest) (api.Accepted, error) {
	request := topology.Request{
		ID: newID(), Kind: topology.RequestFailover, Target: r.Target, Force: r.AcceptLoss, By: r.By, At: c.config.Now(),
	}
	err := c.amend(ctx, func(v topology.View) error {
		if err := c.checkTarget(v, r.Target); err != nil {
			return err
		}
		holder := r.Target == "" || r.Target == c.record.Voter || r.Target == c.record.Heir || r.Target == c.record.From
		switch main := v.Instances[c.record.Main]; {
		case main.Health == topology.HealthUp && !r.Force:
			return api.Conflict(fmt.Sprintf("main %s answers", c.record.Main), "use switchover, or force")
		case !holder && !r.AcceptLoss:
			return api.Conflict(fmt.Sprintf("%s may lack acknowledged writes", r.Target),
				fmt.Sprintf("choose one that has them all (%s), or accept the loss", c.holders()))
		}
		return nil
	}, func(record *topology.Record) {
		record.Request, record.Reason = &request, fmt.Sprintf("failover to %s asked for by %s", orVoter(r.Target), orSomebody(r.By))
	})
	return api.Accepted{ID: request.ID, Message: fmt.Sprintf("failover from %s to %s", c.mainName(), orVoter(r.Target))}, err
}

// Pause implements api.Backend.
func (c *Controller) Pause(ctx context.Context, r api.PauseRequest) (api.Accepted, error) {
	until := c.config.Now().Add(time.Duration(r.For))
	message := "automatic actions resumed"
	var pause *topology.Pause
	if r.For > 0 {
		pause = &topology.Pause{Until: until, By: r.By}
		message = fmt.Sprintf("nothing is done by itself until %s; a lost main is not replaced", until.UTC().Format("15:04:05Z"))
	}
	err := c.amend(ctx, func(topology.View) error { return nil }, func(record *topology.Record) {
		record.Pause, record.Reason = pause, message+", asked for by "+orSomebody(r.By)
	})
	return api.Accepted{Message: message}, err
}

// Instance implements api.Backend.
func (c *Controller) Instance(ctx context.Context, a api.InstanceAction) error {
	p := c.config.Processes
	if p == nil {
		return api.ErrUnsupported
	}
	switch a.Do {
	case api.ActionKill:
		return p.Kill(ctx, a.Instance)
	case api.ActionStop:
		return p.Stop(ctx, a.Instance)
	case api.ActionCont:
		return p.Cont(ctx, a.Instance)
	default:
		return p.RestartGracefully(ctx, a.Instance)
	}
}

func (c *Controller) checkTarget(v topology.View, target string) error {
	_, known := v.Instances[target]
	switch {
	case target == "" && c.record.Voter == "" && c.record.Main != "":
		return api.Conflict("there is no voter to take over", "name a target")
	case target != "" && !known:
		return api.Invalid(fmt.Sprintf("there is no instance %q", target), "see GET /api/v1/status for their names")
	case target != "" && target == c.record.Main:
		return api.Conflict(target+" is the main already", "")
	}
	return nil
}

// holders lists who has every acknowledged write.
func (c *Controller) holders() string {
	list := ""
	for _, name := range []string{c.record.Main, c.record.Heir, c.record.Voter, c.record.From} {
		if name != "" {
			list += ", " + name
		}
	}
	return list[min(len(list), 2):]
}

func (c *Controller) mainName() string { return c.published.Load().record.Main }

func orVoter(target string) string {
	if target == "" {
		return "the voter"
	}
	return target
}

func orSomebody(by string) string {
	if by == "" {
		return "somebody"
	}
	return by
}

func newID() string { return rand.Text()[:10] }
