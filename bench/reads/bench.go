package reads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

const (
	// nodes is how many a scan looks at: about 1 ms of CPU time of the stand-in, several
	// times what its client and the gateway spend on it.
	nodes = 2000
	// share is how much of what the main alone can answer is asked for at equal load. A
	// read costs an instance more CPU time when it comes alone than in a crowd: at 0.4 the
	// main uses about 70 % of its limit, and at 0.65 it used 96 %, where nothing is left
	// to be compared but a queue.
	share = 0.4
	// spare is how many pairs of one load and size may be void: with one more, what is left
	// of that load is not measured, and the run fails at its end.
	spare = 6
)

// bench is one run.
type bench struct {
	release *kube.Release
	out     io.Writer // progress
	book    figures.Book
	run     time.Time
	pairs   int // of each load and size
}

// size measures a number of replicas: as many pairs of each load as an interval needs, or
// so many more that are void.
func (b *bench) size(ctx context.Context, replicas int) error {
	if err := resize(ctx, b.release, replicas); err != nil {
		return err
	}
	if err := b.release.Clear(ctx); err != nil {
		return err
	}
	if err := workload.Seed(ctx, b.release.Write, nodes); err != nil {
		return err
	}
	s, err := begin(ctx, b.release)
	if err != nil {
		return err
	}
	err = b.measure(ctx, s, replicas)
	return errors.Join(err, s.end(ctx))
}

// measure measures both loads by turns.
func (b *bench) measure(ctx context.Context, s *stage, replicas int) error {
	target, err := s.baseline(ctx)
	if err != nil {
		return err
	}
	b.say("%d in the read pool; the main alone answers %.0f reads/s", replicas, target/share)
	done := map[figures.Load]int{}
	void := map[figures.Load]int{}
	over := func(load figures.Load) bool { return done[load] >= b.pairs || void[load] > spare }
	for !over(figures.Saturation) || !over(figures.Equal) {
		for _, load := range []figures.Load{figures.Saturation, figures.Equal} {
			if over(load) {
				continue
			}
			p := figures.Pair{
				Run: b.run, Database: b.release.Images.Database, Replicas: replicas, Load: load,
				Number: done[load] + void[load] + 1, Limit: limitMillis / 1000.0, Main: s.main,
			}
			if load == figures.Equal {
				p.Target = target
			}
			p, err := s.pair(ctx, p)
			if err != nil {
				return err
			}
			b.say("%s", p)
			if err := b.book.Add(p); err != nil {
				return err
			}
			if p.Void == "" {
				done[load]++
			} else {
				void[load]++
			}
		}
	}
	return nil
}

// say tells a person how far it is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.out, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
