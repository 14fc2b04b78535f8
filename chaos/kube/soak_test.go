package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	cluster "memgraph-controller/e2e/kube"
)

func TestSoak(t *testing.T) {
	if environment == nil || !cluster.Set("HOURS") {
		t.Skip("needs a kind cluster and a time: CHAOS=1 HOURS=n")
	}
	hours, err := strconv.ParseFloat(os.Getenv("HOURS"), 64)
	require.NoError(t, err, "HOURS")
	seed := uint64(1)
	if text := os.Getenv("SEED"); text != "" {
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "SEED")
	}
	e := machinery("soak")
	file := filepath.Join(e.book.Dir, "soak-state.json")
	p, err := resume(file, seed)
	require.NoError(t, err)
	if p.Batches == 0 {
		require.NoError(t, e.book.Forget())
	}
	var all []Case
	for _, f := range Families(release) {
		all = append(all, f.Cases...)
	}
	prove(t, "nothing acknowledged is lost, and it heals", func(ctx context.Context, t *testing.T) {
		for p.Spent < time.Duration(hours*float64(time.Hour)) {
			began := time.Now()
			fmt.Fprintf(os.Stderr, "batch %d of seed %d, %s of %g h spent\n", p.Batches, seed, p.Spent.Round(time.Second), hours)
			err := e.batch(ctx, draw(all, seed, p.Batches), seed)
			if err != nil {
				t.Errorf("batch %d of seed %d: %v", p.Batches, seed, err)
			}
			if ctx.Err() != nil || errors.Is(err, errBroken) {
				return // the batch is run again when the soak is resumed, on a release that is whole
			}
			p.Batches, p.Spent = p.Batches+1, p.Spent+time.Since(began)
			require.NoError(t, p.save(file))
			rounds, err := e.book.Rounds()
			require.NoError(t, err)
			sum := figures.Add(rounds)
			fmt.Fprintf(os.Stderr, "%d rounds, %d failovers, %d false, %d failed, %d void\n", sum.Rounds, sum.Failovers, sum.False, sum.Failed, sum.Void)
		}
	})
}

func TestABatchIsDrawnBySeedAndNumber(t *testing.T) {
	var all []Case
	for i, outcome := range []Outcome{Failover, Stay, Either, Stay, Stay} {
		all = append(all, Case{Fault: fault.Change{Title: strconv.Itoa(i)}, Outcome: outcome})
	}
	names := func(cases []Case) (list []string) {
		for _, c := range cases {
			list = append(list, c.Fault.Name())
		}
		return list
	}
	require.Equal(t, names(draw(all, 7, 3)), names(draw(all, 7, 3)))
	require.NotEqual(t, names(draw(all, 7, 3)), names(draw(all, 7, 4)))
	require.NotEqual(t, names(draw(all, 7, 3)), names(draw(all, 8, 3)))
}

func TestADeckHoldsEveryCaseAndThoseOfFailoversOften(t *testing.T) {
	all := []Case{
		{Fault: fault.Change{Title: "failover"}, Outcome: Failover},
		{Fault: fault.Change{Title: "slow failover"}, Outcome: Failover, Slow: true},
	}
	for i := range 8 {
		all = append(all, Case{Fault: fault.Change{Title: strconv.Itoa(i)}, Outcome: Stay})
	}
	deck := often + 9
	drawn := map[string]int{}
	for n := range deck { // so many batches are ten decks
		for _, c := range draw(all, 1, n) {
			drawn[c.Fault.Name()]++
		}
	}
	require.Len(t, drawn, len(all))
	for name, n := range drawn {
		if name == "failover" {
			require.Equal(t, roundsOfABatch*often, n)
		} else {
			require.Equal(t, roundsOfABatch, n, name)
		}
	}
}

func TestASoakGoesOnWhereItStopped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reports", "soak-state.json")
	p, err := resume(file, 7)
	require.NoError(t, err)
	require.Equal(t, progress{Seed: 7}, p)
	p.Batches, p.Spent = 4, time.Minute
	require.NoError(t, p.save(file))
	again, err := resume(file, 7)
	require.NoError(t, err)
	require.Equal(t, p, again)
	_, err = resume(file, 8)
	require.ErrorContains(t, err, "SEED=7")
}
