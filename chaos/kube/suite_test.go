package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"memgraph-controller/chaos/figures"
	cluster "memgraph-controller/e2e/kube"
)

// What TestMain sets before any test; nil without CHAOS=1.
var (
	environment env.Environment
	release     *cluster.Release
)

// endReserve is the time before go test's own deadline at which tests give up, so
// that what a person needs can still be saved and the cluster be removed.
const endReserve = 3 * time.Minute

func TestMain(m *testing.M) {
	if !cluster.Set("CHAOS") {
		os.Exit(m.Run())
	}
	environment = env.NewWithConfig(envconf.New())
	environment.Setup(bring)
	environment.Finish(removeCluster)
	os.Exit(environment.Run(m))
}

func bring(ctx context.Context, cfg *envconf.Config) (_ context.Context, err error) {
	release, err = cluster.Bring(ctx, cfg)
	if dir := os.Getenv("REPORT_DIR"); err != nil && release != nil && dir != "" {
		err = errors.Join(err, release.Dump(context.WithoutCancel(ctx), filepath.Join(dir, "chaos", "setup")))
	}
	return ctx, err
}

func removeCluster(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	if release == nil || cluster.Set("KEEP") {
		return ctx, nil
	}
	if err := release.Down(); err != nil {
		fmt.Fprintln(os.Stderr, err) // the environment would keep it to itself
	}
	return ctx, nil
}

// prove runs one batch of rounds, or several, as a feature of the environment.
func prove(t *testing.T, claim string, do func(ctx context.Context, t *testing.T)) {
	t.Helper()
	environment.Test(t, features.New("release").Assess(claim, func(ctx context.Context, inner *testing.T, _ *envconf.Config) context.Context {
		limited, cancel := cluster.WithinTheSuite(ctx, inner, endReserve)
		defer cancel()
		do(limited, inner)
		return ctx
	}).Feature())
}

// machinery is an engine that keeps its figures under a name.
func machinery(name string) *engine {
	return &engine{
		release: release, target: release.Target(), out: os.Stderr, began: time.Now(),
		book: figures.Book{Dir: os.Getenv("REPORT_DIR"), Name: name},
	}
}

// wanted are the cases of a family that are to be run: all with FULL=1, else
// without the slow ones; only those that CASE is a part of the name of.
func wanted(all []Case) (cases []Case) {
	only := os.Getenv("CASE")
	for _, c := range all {
		if (cluster.Set("FULL") || only != "" || !c.Slow) && strings.Contains(c.String(), only) {
			cases = append(cases, c)
		}
	}
	return cases
}
