package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

// engine runs rounds on a release.
type engine struct {
	release *cluster.Release
	target  fault.Target
	book    figures.Book
	// out is told what goes on, a line for each round.
	out io.Writer
	// began and rounds are for the progress.
	began  time.Time
	rounds int
	failed int
}

// errBroken ends a batch: the release is not whole, so that nothing more can be
// proved on it.
var errBroken = errors.New("the release did not heal")

// savedOfABatch is for how many rounds that failed a person gets what he needs.
const savedOfABatch = 3

// batch runs cases one after the other with the same clients, and judges them in
// the end. A round that fails does not end it, unless the release stays broken. A
// fault that is not to be had here is left out, and said to be.
func (e *engine) batch(ctx context.Context, cases []Case, seed uint64) error {
	if _, err := e.release.AwaitWhole(ctx); err != nil {
		return fmt.Errorf("before the first round: %w", errors.Join(errBroken, err))
	}
	c, err := hire(ctx, e.release)
	if err != nil {
		return err
	}
	began, saved := time.Now(), 0
	var errs []error
	for _, one := range cases {
		r, err := hit(func() (figures.Round, error) { return e.round(ctx, c, one) })
		if errors.Is(err, fault.ErrUnavailable) {
			fmt.Fprintf(e.out, "      left out: %s: %v\n", one, err)
			continue
		}
		r.Seed = seed
		if err != nil && r.Verdict != figures.Void {
			r.Verdict, r.Why = figures.Failed, err.Error()
		}
		errs = append(errs, e.keep(r, err))
		if err != nil && r.Verdict == figures.Failed && saved < savedOfABatch {
			saved++
			errs = append(errs, e.explain(ctx, c, r, r.Began))
		}
		if errors.Is(err, errBroken) || ctx.Err() != nil {
			break
		}
	}
	history, err := c.dismiss(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if err := e.judge(ctx, history, c.game); err != nil {
		e.failed++
		errs = append(errs, fmt.Errorf("after %d rounds: %w", len(cases), err))
		if saved == 0 {
			errs = append(errs, e.explain(ctx, c, figures.Round{Fault: "batch", Why: err.Error()}, began))
		}
	}
	return errors.Join(errs...)
}

// tries is how often a round is begun that has to hit a moment. The clients go on
// meanwhile, and what they saw is judged with the rest. On a release that did not heal
// none is.
const tries = 3

func hit(round func() (figures.Round, error)) (r figures.Round, err error) {
	for range tries {
		if r, err = round(); !errors.Is(err, fault.ErrMissed) || errors.Is(err, errBroken) {
			break
		}
	}
	return r, err
}

// keep adds a round to the book and tells people about it. It returns the round's
// error with its name.
func (e *engine) keep(r figures.Round, err error) error {
	e.rounds++
	if r.Verdict != figures.Passed {
		e.failed++
	}
	var moves []string
	for _, f := range r.Failovers {
		moves = append(moves, fmt.Sprintf("%s (%s) %s to %s", f.Kind, f.Reason, f.From, f.To))
	}
	fmt.Fprintf(e.out, "%4d  %s  %-6s %-44s write gap %.2f s, read gap %.2f s, acted %.1f s, whole %.1f s; %d unknown of %d in flight, %d not served, %d cut; %s %s\n",
		e.rounds, time.Since(e.began).Round(time.Second), r.Verdict, r.Title(), r.WriteGap, r.ReadGap, r.Acted, r.Whole, r.Unknown, r.Bound,
		r.ConnectionsFailed, r.SessionsCut, strings.Join(moves, ", "), r.Why)
	if err != nil {
		err = fmt.Errorf("%s: %w", r.Title(), err)
	}
	return errors.Join(err, e.book.Add(r))
}

// judge checks the whole history of clients that have ended: the main holds every
// acknowledged write and nothing that nobody wrote, all hold the same, and what was
// seen of the registers is linearizable.
func (e *engine) judge(ctx context.Context, history workload.History, g *game) error {
	status, err := e.release.AwaitWhole(ctx)
	if err != nil {
		return errors.Join(errBroken, err)
	}
	held, err := e.release.IDs(ctx, status.Record.Main)
	if err != nil {
		return err
	}
	fates := figures.Classify(history, held)
	fmt.Fprintf(e.out, "      %d writes acknowledged; of %d unknown ones %d were committed and %d were not\n",
		history.Acknowledged(), history.Unknown(), fates.Committed, fates.Absent)
	if err := history.Check(held); err != nil {
		return fmt.Errorf("main %s: %w", status.Record.Main, err)
	}
	var instances []string
	for _, i := range status.Instances {
		if err := e.release.AwaitEqual(ctx, i.Name, held); err != nil {
			return err
		}
		instances = append(instances, i.Name)
	}
	operations, err := g.linearizable(ctx, e.release, instances, e.book.Dir)
	fmt.Fprintf(e.out, "      %d operations on registers were judged\n", operations)
	return err
}

// folder is where what a person needs of a round that failed is kept.
func (e *engine) folder(r figures.Round) string {
	name := strings.Map(func(c rune) rune {
		if c == ' ' || c == ',' || c == '/' || c == '%' {
			return '-'
		}
		return c
	}, r.Title())
	return filepath.Join(e.book.Dir, e.book.Name, fmt.Sprintf("%s-%s", time.Now().Format("150405"), name))
}
