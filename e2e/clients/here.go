package clients

import (
	"context"
	"fmt"
	"sync"

	"memgraph-controller/e2e/workload"
)

// here is a client in this process.
type here struct {
	*workload.Load
	stop func() workload.History
}

func startHere(ctx context.Context, c Config) (Client, error) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	started := context.AfterFunc(ctx, cancel)
	load, err := workload.Start(work, workload.Config{Write: c.Write, Read: c.Read, FirstID: c.FirstID, Rates: c.Rates})
	if !started() && err == nil { // ctx ended in the last moment, and the work with it
		load.Stop()
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("go client: %w", err)
	}
	return here{load, sync.OnceValue(func() workload.History { defer cancel(); return load.Stop() })}, nil
}

// Stop ends the load.
func (h here) Stop(context.Context) (workload.History, error) { return h.stop(), nil }
