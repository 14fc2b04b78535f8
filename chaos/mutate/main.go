// Command mutate asks how much the tests of the decision core would notice: it
// changes one thing of controller/topology at a time, runs the package's own
// tests against the changed copy, and lists the changes that no test minded.
//
//	go run ./chaos/mutate                      # every mutant; exit code 1 below -atleast
//	go run ./chaos/mutate -sample 40 -seed 7   # a random few of them
//	go run ./chaos/mutate -only steady.go:42   # those of a line, or of a file
//
// A survivor is one of three things: a rule without a test, code that makes no
// difference, or a change that makes none (see equivalent.go). It is not for
// packages with I/O: a mutant is run with nothing but a time limit around it.
//
// The mutants are compiled with -overlay, so no file of the repository is touched.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// subject is the package that is mutated, seen from the root of the module.
const subject = "controller/topology"

var errTooFew = errors.New("the tests notice too few of the mutants")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	sample := flags.Int("sample", 0, "try only this many mutants, chosen at random")
	seed := flags.Uint64("seed", 1, "choose the sample by this number")
	only := flags.String("only", "", "try only the mutants of `file.go` or file.go:line")
	atLeast := flags.Float64("atleast", 0, "fail if fewer than this many `percent` are killed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	set := token.NewFileSet()
	files, err := read(set, subject)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	chosen := choose(different(mutantsOf(set, files)), *only, *sample, *seed)
	notes := newNotes(out, progress, chosen)
	bench, err := setUp(ctx, dir, set, files, chosen)
	if err != nil {
		return err
	}
	if err := bench.tryAll(ctx, notes); err != nil {
		return err
	}
	if rate := notes.sum(); rate < *atLeast {
		return fmt.Errorf("%w: %.1f %%, not %.1f %%", errTooFew, rate, *atLeast)
	}
	return nil
}

// choose keeps the order of the list, so that two runs can be compared.
func choose(all []mutant, only string, sample int, seed uint64) []mutant {
	var list []mutant
	for _, m := range all {
		if place := m.place(); only == "" || place == only || strings.HasPrefix(place, only+":") {
			list = append(list, m)
		}
	}
	if sample <= 0 || sample >= len(list) {
		return list
	}
	picked := rand.New(rand.NewPCG(seed, 0)).Perm(len(list))[:sample]
	slices.Sort(picked)
	var few []mutant
	for _, n := range picked {
		few = append(few, list[n])
	}
	return few
}
