package sim

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/api"
)

// Kill ends an instance's process as kill -9 does and keeps it down.
func (c *Cluster) Kill(name string) {
	i := c.instance(name)
	_ = i.order(func() error { i.held = true; i.kill(); return nil })
}

// Crash ends an instance's process as kill -9 does. It starts again by itself
// after Options.RestartDelay.
func (c *Cluster) Crash(name string) {
	i := c.instance(name)
	_ = i.order(func() error { i.kill(); i.startLater(); return nil })
}

// CrashIfUp is Crash of an instance that has a process.
func (c *Cluster) CrashIfUp(name string) {
	if name != "" && c.Up(name) {
		c.Crash(name)
	}
}

// AskForSwitchover asks the leading controller, as a person does, and is content
// with any answer.
func (c *Cluster) AskForSwitchover(target string) {
	if p := c.leader(); p != nil {
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		defer cancel()
		_, _ = p.Switchover(ctx, api.SwitchoverRequest{Target: target, By: "ann"})
	}
}

// Start starts an instance that does not run, with its data.
func (c *Cluster) Start(name string) {
	i := c.instance(name)
	_ = i.order(func() error {
		i.held = false
		if i.process == nil {
			i.start(true)
		}
		return nil
	})
}

// LoseDisk gives an instance that is killed an empty disk.
func (c *Cluster) LoseDisk(name string) {
	i := c.instance(name)
	_ = i.order(func() error {
		require.Nil(c.t, i.process, "%s runs", name)
		i.setAside()
		i.losses.Add(1)
		return nil
	})
}

// Afflict puts other faults in the place of those that a running instance has;
// the zero value heals it. They end with its process.
func (c *Cluster) Afflict(name string, faults standin.FaultSet) {
	i := c.instance(name)
	_ = i.order(func() error {
		require.NotNil(c.t, i.process, "%s does not run", name)
		s := i.serving.Load()
		require.NotNil(c.t, s, "%s does not answer yet", name)
		s.Faults().Set(faults)
		i.froze(faults)
		return nil
	})
}

// Serves tells whether an instance has a process that has answered since it started.
func (c *Cluster) Serves(name string) (serves bool) {
	i := c.instance(name)
	_ = i.order(func() error { serves = i.serving.Load() != nil; return nil })
	return serves
}

// Freeze stops a running instance as SIGSTOP does, until Afflict or its death.
func (c *Cluster) Freeze(name string) { c.Afflict(name, standin.FaultSet{Freeze: true}) }

// KillController ends a controller and its gateways as kill -9 does.
func (c *Cluster) KillController(name string) {
	p := c.controlPlane(name)
	require.NotNil(c.t, p, "%s does not run", name)
	p.kill()
	p.ended.Wait()
}

// KillLeaderAt ends the leading controller as kill -9 does with the call that is the
// n-th from now of those that change something: the record, a process, a database.
func (c *Cluster) KillLeaderAt(n int) {
	if p := c.leader(); p != nil {
		p.callsLeft.Store(int64(n))
	}
}

// SpareControllers is the end of KillLeaderAt.
func (c *Cluster) SpareControllers() {
	for _, p := range c.running() {
		p.callsLeft.Store(0)
		p.doomed.Store(false)
	}
}

// Blind stops the watches of a controller, or lets them go on: it does not hear of
// changes, but can ask.
func (c *Cluster) Blind(name string, blind bool) {
	if p := c.controlPlane(name); p != nil {
		p.blind.Store(blind)
		c.tellAll()
	}
}

// Skew sets the clock of a controller's machine forward, or back, for processes that
// start from then on: one that runs measures with a clock that does not jump.
func (c *Cluster) Skew(name string, by time.Duration) { c.skews[name] = by }

// Conflicts lets every other write of the record fail as if somebody else had
// written, or undoes that.
func (c *Cluster) Conflicts(on bool) { c.conflicts.Store(on) }

// Slow lets everything take longer from one party to another, in that direction
// alone; 0 undoes it.
func (c *Cluster) Slow(from, to string, by time.Duration) { c.network.Slow(from, to, by) }

// Runs tells whether a controller has a process.
func (c *Cluster) Runs(name string) bool { return c.controlPlane(name) != nil }

// StartController starts a controller that remembers nothing.
func (c *Cluster) StartController(name string) {
	require.Nil(c.t, c.controlPlane(name), "%s runs already", name)
	p, err := c.newControlPlane(name)
	require.NoError(c.t, err)
	c.setControlPlane(name, p)
	p.run()
}

// APIServer is the party that has the record, the lease, and all knowledge of
// processes.
const APIServer = "api"

// Cut lets nothing through from one party to another, in that direction alone, until
// Heal. Parties are instances, controllers with their gateways, and APIServer.
func (c *Cluster) Cut(from, to string) { c.network.Cut(from, to) }

// Heal is the end of Cut. What a controller could not see meanwhile, it is told of.
func (c *Cluster) Heal(from, to string) {
	c.network.Heal(from, to)
	c.tellAll()
}

// tellAll lets the controllers look at everything.
func (c *Cluster) tellAll() {
	c.tell(func(p *controlPlane) chan struct{} { return p.records })
	c.tell(func(p *controlPlane) chan struct{} { return p.fleet })
}
