package controller

import (
	"context"
	"fmt"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

const (
	// isolationMargin is added to the isolation time before a gateway that is out
	// of touch is taken to be silent: clocks and schedulers may be off.
	isolationMargin = 250 * time.Millisecond
	// reloadAgain is the time between two tries to read a record of which a peer
	// knows a newer one.
	reloadAgain = 100 * time.Millisecond
	// unlisted stands for the controllers that may exist and are not listed yet.
	unlisted = "of a controller that is not listed yet"
)

// knownEpoch is since when a majority of the controllers knows an epoch.
type knownEpoch struct {
	epoch uint64
	at    time.Time
}

// controllers is how many of them a majority is counted in: as many as there are
// meant to be, or more while one replaces another.
func (c *Controller) controllers() int {
	n := 1
	for _, p := range c.peers.others() {
		if !p.Gone {
			n++
		}
	}
	return max(n, c.config.Controllers)
}

// vouch lets the write gateway go on while the record cannot be read, if a majority
// of the controllers knows no newer one. It follows every answer of a peer, not the
// loop, which an API server that swallows requests holds up for seconds. By then the
// gateway follows the published record or a newer one; what is true of the one is
// true of the other (see peers.touch).
func (c *Controller) vouch() {
	epoch := c.published.Load().record.Epoch
	if epoch == 0 || c.peers.newest() > epoch {
		return
	}
	if at := c.peers.touch(epoch, c.controllers()); !at.IsZero() {
		c.config.Write.Confirm(at)
	}
}

// hear has the record read at once when a peer knows a newer one.
func (c *Controller) hear(now time.Time) {
	if c.adopted && c.peers.newest() > c.record.Epoch {
		c.stale = c.stale || now.Sub(c.loaded) >= reloadAgain
	}
}

// stayInTouch keeps the write gateway confirmed while a step holds up the loop,
// which otherwise reads the record: the leader's own clients would be silenced by
// a registration that waits for the main's lock. It confirms nothing but the very
// version that is followed. The caller ends it.
func (c *Controller) stayInTouch(ctx context.Context) (end func()) {
	if c.config.Isolation == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	followed := c.version
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(reloadEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			asked := c.config.Now()
			if _, version, err := c.config.Store.Load(ctx); err == nil && version == followed {
				c.config.Write.Confirm(asked)
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// listControllers makes sure, before a leader relies on what the gateways have
// done, that he knows them all.
func (c *Controller) listControllers(ctx context.Context) {
	if c.config.Peers == nil || !c.leads() || c.record.Gate == topology.GateOpen || c.listed == c.record.Epoch {
		return
	}
	limited, cancel := context.WithTimeout(ctx, limits[topology.ActSave])
	defer cancel()
	if err := c.config.Peers.Refresh(limited); err != nil {
		c.config.Log.Debug("the controllers cannot be listed", "error", err)
		return
	}
	c.listed = c.record.Epoch
}

// lookAtPeers adds the gateways of the others to the view. One that is out of
// touch counts as silenced when the isolation time has passed since a majority
// was known to know this epoch: since then nobody can have vouched for an older
// route (see peers.touch), nor can it have read an older record.
func (c *Controller) lookAtPeers(view topology.View, now time.Time) {
	if c.config.Peers == nil {
		return
	}
	if c.known.epoch != c.record.Epoch && 2*c.peers.knowing(c.record.Epoch) > c.controllers() {
		c.known = knownEpoch{c.record.Epoch, now}
	}
	gateways, heard := c.peers.gateways(c.record.Epoch)
	patience := c.config.Isolation + isolationMargin
	for _, g := range gateways {
		g.Silenced = g.Silenced || c.known.epoch == c.record.Epoch && now.Sub(c.known.at) > patience && now.Sub(heard[g.Name]) > patience
		g.At = c.applied.since(g.Name, fmt.Sprint(g.Epoch, g.Gone, g.Silenced), now)
		view.Gateways[g.Name] = g
	}
	if c.leads() && c.listed != c.record.Epoch {
		view.Gateways[unlisted] = topology.Gateway{Name: unlisted}
	}
}

// Report implements api.Backend.
func (c *Controller) Report() api.Report {
	now := c.config.Now()
	// The epoch is read before the gateways are: what they say holds under it.
	epoch := max(c.published.Load().record.Epoch, c.peers.newest())
	gateways := c.gatewayStatus()
	report := api.Report{
		Controller: c.config.Name, Epoch: epoch, Applied: applied(gateways), Silenced: gateways[0].Silenced,
		Instances: []api.Observation{}, Gateways: counted(gateways),
	}
	for _, name := range c.observers.names() {
		if w := c.observers.get(name); w != nil {
			_, process, sightings := w.report()
			report.Instances = append(report.Instances, observation(process, sightings[0], now))
		}
	}
	return report
}
