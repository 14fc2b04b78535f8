package reads

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/bench/reads/usage"
	"memgraph-controller/e2e/clients"
	"memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
	"memgraph-controller/e2e/workload"
)

// writeRate is how many writes begin in a second in every window, half of them by a client
// in Go and half by one in Python. Each takes the main and its replicas about 1 ms: more
// would take a part of the main's limit that readers miss.
const writeRate = 10

// stage is a release of one size with writers at work.
type stage struct {
	release   *kube.Release
	main      string
	epoch     uint64
	instances map[string]node.Process
	writers   clients.Crew
}

// begin finds the instances of a release that is whole and has writers begin.
func begin(ctx context.Context, r *kube.Release) (*stage, error) {
	status, err := r.AwaitWhole(ctx)
	if err != nil {
		return nil, err
	}
	s := &stage{release: r, main: status.Record.Main, epoch: status.Record.Epoch, instances: map[string]node.Process{}}
	pods, err := r.Pods(ctx, r.Databases)
	if err != nil {
		return nil, err
	}
	for i := range pods {
		if s.instances[pods[i].Name], err = fleet.Process(ctx, &pods[i], fleet.Database); err != nil {
			return nil, err
		}
	}
	for i, language := range languages() {
		client, err := clients.Start(ctx, language, clients.Config{
			Write: r.Write, Read: r.Read, FirstID: int64(i)*clients.IDsOfOne + 1,
			Rates: workload.Rates{Writes: writeRate / 2},
		})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s writer: %w", language, err), s.end(ctx))
		}
		s.writers = append(s.writers, client)
	}
	return s, nil
}

// languages are those that clients are written in.
func languages() []clients.Language { return []clients.Language{clients.Go, clients.Python} }

// end ends the writers, and checks that the main holds what was acknowledged to them.
func (s *stage) end(ctx context.Context) error {
	history, err := s.writers.Stop(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	held, err := s.release.IDs(ctx, s.main)
	if err != nil {
		return err
	}
	return history.Check(held)
}

// unmoved tells whether the same main has been main since the stage began.
func (s *stage) unmoved(ctx context.Context) error {
	status, err := s.release.Status(ctx)
	if err != nil {
		return err
	}
	if status.Record.Epoch != s.epoch {
		return fmt.Errorf("the routes changed: %s was main in epoch %d, %s is in %d", s.main, s.epoch, status.Record.Main, status.Record.Epoch)
	}
	return nil
}

// spent reads what all instances have used, all at once.
func (s *stage) spent(ctx context.Context) (map[string]usage.Spent, error) {
	var mu sync.Mutex
	all := map[string]usage.Spent{}
	group, ctx := errgroup.WithContext(ctx)
	for name, process := range s.instances {
		group.Go(func() error {
			spent, err := usage.Of(ctx, process)
			mu.Lock()
			defer mu.Unlock()
			all[name] = spent
			return err
		})
	}
	return all, group.Wait()
}

// baseline is the rate of reads for equal load, by what the main alone answers.
func (s *stage) baseline(ctx context.Context) (float64, error) {
	w, err := s.window(ctx, s.release.Write, figures.Saturation, 0)
	if err != nil {
		return 0, err
	}
	if w.Reads.Rate <= 0 {
		return 0, errors.New("there is no baseline: the main alone answered no read")
	}
	return share * w.Reads.Rate, nil
}
