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

// Freeze stops a running instance as SIGSTOP does, until Afflict or its death.
func (c *Cluster) Freeze(name string) { c.Afflict(name, standin.FaultSet{Freeze: true}) }

// KillController ends the controller and its gateways as kill -9 does.
func (c *Cluster) KillController() {
	p := c.controlPlane()
	require.NotNil(c.t, p, "no controller runs")
	c.setControlPlane(nil)
	require.NoError(c.t, p.kill())
}

// StartController starts a controller that remembers nothing.
func (c *Cluster) StartController() {
	require.Nil(c.t, c.controlPlane(), "a controller runs already")
	p, err := c.newControlPlane()
	require.NoError(c.t, err)
	c.setControlPlane(p)
	p.run()
}
