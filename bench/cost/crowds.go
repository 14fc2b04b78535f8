package cost

import (
	"time"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/proc"
)

const (
	// idleSessions, and how long they are looked at while they do nothing: two
	// full periods of the gateway's confirmations and more, after a pause in
	// which garbage of their beginning can go.
	idleSessions = 10_000
	idleSettles  = time.Second
	idleLasts    = 2 * time.Second
	// otherFiles are what a proxy may need beside its sessions'.
	otherFiles = 2000
	// heldConnections are released at once, and so many sessions cut.
	heldConnections = 1000
	cutSessions     = 1000
)

// idle has sessions that have said hello and say no more: idleSessions, or as many
// as a process may that may have so many files open.
func idle(files int) workload {
	return workload{
		name: Idle,
		fits: func(r contender.Running) bool { return r.PID() != 0 },
		measure: func(c crowd.Remote, through contender.Running) (values, error) {
			return idleWith(min(idleSessions, (files-otherFiles)/through.FilesPerSession()), c, through)
		},
	}
}

func idleWith(sessions int, c crowd.Remote, through contender.Running) (values, error) {
	empty, err := proc.Memory(through.PID())
	if err != nil {
		return nil, err
	}
	opening, _, err := used(through, func() error { return c.Open(through.Address(), sessions) })
	if err != nil {
		return nil, err
	}
	time.Sleep(idleSettles)
	before, err := proc.Of(through.PID())
	if err != nil {
		return nil, err
	}
	time.Sleep(idleLasts)
	after, err := proc.Of(through.PID())
	if err != nil {
		return nil, err
	}
	full, err := proc.Memory(through.PID())
	if err != nil {
		return nil, err
	}
	perSession := (float64(full) - float64(empty)) / float64(sessions)
	return values{
		Sessions:   float64(sessions),
		PerSession: perSession,
		Memory:     (float64(empty) + perSession*idleSessions) / 1e6,
		CPUShare:   100 * after.Since(before).CPU.Seconds() / idleLasts.Seconds(),
		CPU:        each(opening.CPU, sessions),
	}, c.Close()
}

// release lets go connections that were held, whose clients have said hello.
func release(c crowd.Remote, through contender.Running) (values, error) {
	holder := through.(contender.Holder)
	if err := holder.Hold(); err != nil {
		return nil, err
	}
	if err := c.Dial(through.Address(), heldConnections); err != nil {
		return nil, err
	}
	var times crowd.Times
	usage, _, err := used(through, func() (err error) {
		began := time.Now()
		if err := holder.Release(); err != nil {
			return err
		}
		times, err = c.Greeted(began)
		return err
	})
	if err != nil {
		return nil, err
	}
	return values{P50: micros(times.P50), Last: micros(times.Max), CPU: each(usage.CPU, heldConnections)}, c.Close()
}

// cut ends sessions from the side of the proxy.
func cut(c crowd.Remote, through contender.Running) (values, error) {
	if err := c.Open(through.Address(), cutSessions); err != nil {
		return nil, err
	}
	if err := c.Watch(); err != nil {
		return nil, err
	}
	var times crowd.Times
	usage, _, err := used(through, func() (err error) {
		began := time.Now()
		if err := through.(contender.Cutter).Cut(); err != nil {
			return err
		}
		times, err = c.Lost(began)
		return err
	})
	if err != nil {
		return nil, err
	}
	return values{P50: micros(times.P50), Last: micros(times.Max), CPU: each(usage.CPU, cutSessions)}, c.Close()
}
