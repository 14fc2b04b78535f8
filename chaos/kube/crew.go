package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/e2e/clients"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

const (
	// writeRate is how many writes per second the clients attempt in all. Gaps are
	// measured to a hundredth of a second, and two cores have time left for
	// everything else.
	writeRate = 100
	// floor is the share of the rate below which a round is void.
	floor = 0.6
	// rateOver is the least time over which the rate is measured.
	rateOver = 1500 * time.Millisecond
	// steadyWithin is how long clients may take until they work at their rate.
	steadyWithin = 30 * time.Second
)

// crew is the clients at work, through the Services of the gateways: one in Go and one
// in Python, each with half of the rates, and those of a few registers.
type crew struct {
	clients.Crew
	game *game
}

// hire puts clients to work on a release that is whole. What others wrote before is
// removed.
func hire(ctx context.Context, r *cluster.Release) (*crew, error) {
	if err := r.Clear(ctx); err != nil {
		return nil, err
	}
	c := &crew{}
	for i, language := range []clients.Language{clients.Go, clients.Python} {
		client, err := clients.Start(ctx, language, clients.Config{
			Write: r.Write, Read: r.Read, FirstID: int64(i)*clients.IDsOfOne + 1,
			Rates: workload.Rates{Writes: writeRate / 2, Reads: writeRate / 4, Streams: 0.25, Connects: 2, Explicit: 0.2},
		})
		if err != nil {
			_, ended := c.dismiss(ctx)
			return nil, errors.Join(fmt.Errorf("%s client: %w", language, err), ended)
		}
		c.Crew = append(c.Crew, client)
	}
	var err error
	if c.game, err = play(context.WithoutCancel(ctx), r.Write); err != nil {
		_, ended := c.dismiss(ctx)
		return nil, errors.Join(err, ended)
	}
	return c, nil
}

// dismiss ends the clients and returns what they saw. It may be called again.
func (c *crew) dismiss(ctx context.Context) (workload.History, error) {
	if c.game != nil {
		c.game.end()
	}
	return c.Stop(context.WithoutCancel(ctx))
}

// steady waits until the clients write at a share of their rate, and tells whether
// they came to do so.
func (c *crew) steady(ctx context.Context) error {
	for deadline := time.Now().Add(steadyWithin); ; {
		rate, err := c.Rate(ctx, rateOver)
		if err != nil {
			return err
		}
		if rate >= floor*writeRate {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("clients write %.0f times a second, less than %.0f %% of %d", rate, 100*floor, writeRate)
		}
	}
}
