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
	if !set("E2E") {
		os.Exit(m.Run())
	}
	reports = report.Dir(os.Getenv("REPORT_DIR"))
	environment = env.NewWithConfig(envconf.New())
	environment.Setup(createCluster, installChart)
	environment.BeforeEachFeature(whole)
	environment.AfterEachFeature(keepWhatAPersonNeeds)
	environment.Finish(removeCluster)
	os.Exit(environment.Run(m))
}

func set(name string) bool { return os.Getenv(name) != "" && os.Getenv(name) != "0" }

func createCluster(ctx context.Context, cfg *envconf.Config) (context.Context, error) {
	cluster, err := Up(ctx, os.Stderr, set("REUSE"))
	if err != nil {
		return ctx, err
	}
	release = cluster.Main()
	cfg.WithKubeconfigFile(cluster.Kind.Kubeconfig).WithNamespace(release.Namespace)
	return ctx, nil
}

func installChart(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	err := release.Install(ctx, nil)
	if err == nil {
		release.API.Token, err = release.Token(ctx)
	}
	if err == nil {
		_, err = release.AwaitWhole(ctx)
	}
	if err != nil {
		return ctx, errors.Join(err, dump(ctx, release, "setup"))
	}
	return ctx, nil
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
	if release == nil || set("KEEP") {
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
		limited, cancel := withinTheSuite(ctx, inner)
		inner.Cleanup(cancel)
		do(limited, Begin(inner, release, t.Name(), set("FULL"), reports))
		return ctx
	}
	environment.Test(t, features.New("release").Assess(claim, prove).Feature())
}

// withinTheSuite ends a test before go test ends the suite without a word.
func withinTheSuite(ctx context.Context, t *testing.T) (context.Context, context.CancelFunc) {
	deadline, bounded := t.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, deadline.Add(-endReserve), errors.New("go test's -timeout is near"))
}
