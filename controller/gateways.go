package controller

import (
	"context"
	"sync/atomic"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/gateway"
)

// served is one of this controller's gateways.
type served struct {
	*gateway.Gateway
	fault atomic.Pointer[string] // why it does not run
}

// gatewayRetry is the time between two tries to start a gateway.
const gatewayRetry = time.Second

// keepGateway runs a gateway for ever. Its failure is its own.
func (c *Controller) keepGateway(ctx context.Context, g *served) {
	for ctx.Err() == nil {
		err := g.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		text := err.Error()
		if old := g.fault.Swap(&text); old == nil || *old != text {
			c.config.Log.Error("gateway does not run; trying again", "every", gatewayRetry, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(gatewayRetry):
		}
	}
}

// readChanges is Gateway.Changes of the read gateway; nil where there is none.
func (c *Controller) readChanges() <-chan struct{} {
	if c.config.Read == nil {
		return nil
	}
	return c.config.Read.Changes()
}

// gatewayStatus is the status of each gateway, the write gateway's first.
func (c *Controller) gatewayStatus() []gateway.Status {
	list := make([]gateway.Status, 0, len(c.gateways))
	for _, g := range c.gateways {
		list = append(list, g.Status())
	}
	return list
}

// counted is how many clients each gateway serves.
func counted(gateways []gateway.Status) []api.GatewayCount {
	list := make([]api.GatewayCount, 0, len(gateways))
	for _, g := range gateways {
		list = append(list, api.GatewayCount{Gateway: g.Name, Running: g.Running, Sessions: g.Sessions, Held: g.Held})
	}
	return list
}

// applied is the epoch that all gateways of this controller have carried out.
func applied(gateways []gateway.Status) uint64 {
	epoch := gateways[0].Applied
	for _, g := range gateways[1:] {
		epoch = min(epoch, g.Applied)
	}
	return epoch
}
