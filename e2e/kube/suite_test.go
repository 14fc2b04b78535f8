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

	"memgraph-controller/e2e/kube/report"
)

// What TestMain sets before any test; nil without E2E=1.
var (
	environment env.Environment
	release     *Release
	reports     report.Dir
	failed      []string // tests, for the end
)

// endReserve is the time before go test's own deadline at which tests give up, so
// that what a person needs can still be saved and the cluster be removed.
const endReserve = 4 * time.Minute

func TestMain(m *testing.M) {
	if !Set("E2E") {
		os.Exit(m.Run())
	}
	reports = report.Dir(os.Getenv("REPORT_DIR"))
	environment = env.NewWithConfig(envconf.New())
	environment.Setup(bring)
	environment.BeforeEachFeature(whole)
	environment.AfterEachFeature(keepWhatAPersonNeeds)
	environment.Finish(removeCluster)
	os.Exit(environment.Run(m))
}

func bring(ctx context.Context, cfg *envconf.Config) (_ context.Context, err error) {
	if release, err = Bring(ctx, cfg); err != nil && release != nil {
		err = errors.Join(err, dump(ctx, release, "setup"))
	}
	return ctx, err
}

// whole leaves it to no test to find the cluster broken by the one before.
func whole(ctx context.Context, _ *envconf.Config, t *testing.T, _ features.Feature) (context.Context, error) {
	t.Helper()
	if _, err := release.AwaitWhole(ctx); err != nil {
		failed = append(failed, t.Name())
		return ctx, errors.Join(err, dump(ctx, release, t.Name()))
	}
	return ctx, nil
}

func keepWhatAPersonNeeds(ctx context.Context, _ *envconf.Config, t *testing.T, _ features.Feature) (context.Context, error) {
	t.Helper()
	if !t.Failed() {
		return ctx, nil
	}
	failed = append(failed, t.Name())
	if err := dump(context.WithoutCancel(ctx), release, t.Name()); err != nil {
		t.Logf("not everything could be saved: %v", err)
	}
	return ctx, nil
}

// dump saves what a person needs, where there is a place for it.
func dump(ctx context.Context, r *Release, name string) error {
	if reports == "" {
		return nil
	}
	return r.Dump(ctx, filepath.Join(string(reports), "e2e-kind", strings.ReplaceAll(name, "/", "-"), r.Namespace))
}

func removeCluster(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	if len(failed) > 0 {
		fmt.Fprintf(os.Stderr, "failed: %s; see %s\n", strings.Join(failed, ", "), reports)
	}
	if release == nil || Set("KEEP") {
		return ctx, nil
	}
	if err := release.Down(); err != nil {
		fmt.Fprintln(os.Stderr, err) // the environment would keep it to itself
	}
	return ctx, nil
}

// scenario runs one test on the suite's cluster, as a feature of the environment:
// it finds the release whole, and what a person needs is saved when it fails.
// claim is what it proves.
func scenario(t *testing.T, claim string, do func(ctx context.Context, s *Scenario)) {
	t.Helper()
	if environment == nil {
		t.Skip("needs a kind cluster, which E2E=1 makes")
	}
	prove := func(ctx context.Context, inner *testing.T, _ *envconf.Config) context.Context {
		limited, cancel := WithinTheSuite(ctx, inner, endReserve)
		inner.Cleanup(cancel)
		do(limited, Begin(inner, release, t.Name(), Set("FULL"), reports))
		return ctx
	}
	environment.Test(t, features.New("release").Assess(claim, prove).Feature())
}
