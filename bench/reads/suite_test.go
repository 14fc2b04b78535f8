package reads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/e2e/kube"
)

// What TestMain sets before any test; nil without BENCH_READS=1.
var (
	environment env.Environment
	release     *kube.Release
)

// endReserve is the time before go test's own deadline at which the bench gives up, so
// that the cluster is removed.
const endReserve = time.Minute

func TestMain(m *testing.M) {
	if !kube.Set("BENCH_READS") {
		os.Exit(m.Run())
	}
	environment = env.NewWithConfig(envconf.New())
	environment.Setup(bring)
	environment.Finish(removeCluster)
	os.Exit(environment.Run(m))
}

// bring makes the cluster, or goes on with the one that is there where REUSE is set, and
// installs the chart with the smallest number of instances: it grows from there.
func bring(ctx context.Context, cfg *envconf.Config) (context.Context, error) {
	cluster, err := kube.Up(ctx, os.Stderr, kube.Set("REUSE"))
	if err != nil {
		return ctx, err
	}
	release = cluster.Main()
	cfg.WithKubeconfigFile(cluster.Kind.Kubeconfig).WithNamespace(release.Namespace)
	release.Values = helm.Merged(release.Values, limited())
	if err := resize(ctx, release, 1); err != nil {
		if dir := os.Getenv("REPORT_DIR"); dir != "" {
			err = errors.Join(err, release.Dump(context.WithoutCancel(ctx), filepath.Join(dir, "bench-reads-setup")))
		}
		return ctx, err
	}
	return ctx, nil
}

func removeCluster(ctx context.Context, _ *envconf.Config) (context.Context, error) {
	if release == nil || kube.Set("KEEP") {
		return ctx, nil
	}
	if err := release.Down(); err != nil {
		fmt.Fprintln(os.Stderr, err) // the environment would keep it to itself
	}
	return ctx, nil
}

// measure runs the bench as a feature of the environment.
func measure(t *testing.T, claim string, do func(ctx context.Context, t *testing.T)) {
	t.Helper()
	environment.Test(t, features.New("release").Assess(claim, func(ctx context.Context, inner *testing.T, _ *envconf.Config) context.Context {
		within, cancel := kube.WithinTheSuite(ctx, inner, endReserve)
		defer cancel()
		do(within, inner)
		return ctx
	}).Feature())
}
