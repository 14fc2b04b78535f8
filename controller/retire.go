package controller

import (
	"context"
	"sync"
	"time"
)

// stepPatience is how long Run waits for the step that is under way when its end is
// asked for: longer than any takes (see limits).
const stepPatience = 25 * time.Second

// Resigned is closed when the end of Run was asked for and this controller has
// done its last step, so that its lease may go to another one. Its gateways go on
// for up to Config.RetireFor. Not closed: the lease has to run out.
func (c *Controller) Resigned() <-chan struct{} { return c.resigned }

// retire makes this controller an observer and lets its gateways come to their
// end, while they go on following the record: the next leader waits for them.
func (c *Controller) retire(ctx context.Context) {
	if c.config.RetireFor <= 0 {
		return
	}
	patient, cancel := context.WithTimeout(ctx, stepPatience)
	defer cancel()
	if err := c.command(patient, func() error { c.retired = true; return nil }); err == nil {
		close(c.resigned)
	}
	limited, cancel := context.WithTimeout(ctx, c.config.RetireFor)
	defer cancel()
	var gateways sync.WaitGroup
	for _, g := range c.gateways {
		gateways.Go(func() { g.Retire(limited) })
	}
	gateways.Wait()
}
