package kube

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/envconf"
)

// Set tells whether a variable of the environment asks for something: it is there, and
// not 0.
func Set(name string) bool { return os.Getenv(name) != "" && os.Getenv(name) != "0" }

// Bring makes the cluster of a suite, or goes on with the one that is there where REUSE
// is set, and installs the chart there. Where that fails the release is returned too, as
// far as it came, so that it can be looked at and removed; nil where there is no cluster.
func Bring(ctx context.Context, cfg *envconf.Config) (*Release, error) {
	cluster, err := Up(ctx, os.Stderr, Set("REUSE"))
	if err != nil {
		return nil, err
	}
	r := cluster.Main()
	cfg.WithKubeconfigFile(cluster.Kind.Kubeconfig).WithNamespace(r.Namespace)
	if err := r.Install(ctx, nil); err != nil {
		return r, err
	}
	if r.API.Token, err = r.Token(ctx); err != nil {
		return r, err
	}
	_, err = r.AwaitWhole(ctx)
	return r, err
}

// WithinTheSuite ends a test before go test ends the suite without a word: reserve is
// for what a person needs then, and for removing the cluster.
func WithinTheSuite(ctx context.Context, t *testing.T, reserve time.Duration) (context.Context, context.CancelFunc) {
	deadline, bounded := t.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, deadline.Add(-reserve), errors.New("go test's -timeout is near"))
}
