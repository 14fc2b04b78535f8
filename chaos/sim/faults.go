package sim

import (
	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin"
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
		return nil
	})
}

// Afflict puts other faults in the place of those that a running instance has;
// the zero value heals it. They end with its process.
func (c *Cluster) Afflict(name string, faults standin.FaultSet) {
	i := c.instance(name)
	_ = i.order(func() error {
		require.NotNil(c.t, i.process, "%s does not run", name)
		s := i.process.serving.Load()
		require.NotNil(c.t, s, "%s does not answer yet", name)
		s.Faults().Set(faults)
		return nil
	})
}

// Serves tells whether an instance has a process that has answered since it started.
func (c *Cluster) Serves(name string) (serves bool) {
	i := c.instance(name)
	_ = i.order(func() error { serves = i.process != nil && i.process.serving.Load() != nil; return nil })
	return serves
}

// Freeze stops a running instance as SIGSTOP does, until Afflict or its death.
func (c *Cluster) Freeze(name string) { c.Afflict(name, standin.FaultSet{Freeze: true}) }

// KillController ends a controller and its gateways as kill -9 does.
func (c *Cluster) KillController(name string) {
	p := c.controlPlane(name)
	require.NotNil(c.t, p, "%s does not run", name)
	c.setControlPlane(name, nil)
	p.kill()
}

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
	c.tell(func(p *controlPlane) chan struct{} { return p.records })
	c.tell(func(p *controlPlane) chan struct{} { return p.fleet })
}
