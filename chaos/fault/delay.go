package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// Delay has every packet that leaves the pod of a victim wait for a time, which the
// others see as a longer round trip, on open connections too. A program on the node
// does it, by a queue of netfilter: the kernel of this project's machines has no
// netem, and needs xt_NFQUEUE instead.
func Delay(t Target, v Victim, by time.Duration) Fault {
	var (
		net     node.Process
		delayed *node.Delayed
	)
	return Change{
		Title: fmt.Sprintf("delay %s by %s", v, by),
		Find: func(ctx context.Context) error {
			pod, _, err := t.one(ctx, v)
			if err != nil {
				return err
			}
			if net, err = fleet.On(pod).Sandbox(ctx, string(pod.UID)); err != nil {
				return err
			}
			return net.Node.Install(ctx)
		},
		Do: func(ctx context.Context) (err error) {
			delayed, err = net.Delay(ctx, by)
			return err
		},
		Acts: func(ctx context.Context) error {
			packets, listens, err := net.Queued(ctx)
			if err == nil && (!listens || packets == 0) {
				err = errors.New("no packet was delayed")
			}
			return err
		},
		Undo: func(ctx context.Context) error {
			if delayed == nil {
				return nil
			}
			d := delayed
			delayed = nil
			return d.Undelay(ctx)
		},
		Undone: func(ctx context.Context) error {
			if there, err := net.Alive(ctx); err != nil || !there {
				return err
			}
			_, listens, err := net.Queued(ctx)
			if err == nil && listens {
				err = errors.New("packets are still delayed")
			}
			return err
		},
	}
}
