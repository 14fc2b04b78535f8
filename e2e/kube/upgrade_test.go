package kube

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/clusters/helm"
)

func TestUpgradeOfTheChart(t *testing.T) {
	scenario(t, "every controller and database is replaced under load without a loss", func(ctx context.Context, s *Scenario) {
		dir := s.TempDir()
		previous, err := s.Previous(ctx, dir)
		require.NoError(s, err)
		s.Cleanup(func() {
			if err := s.Forget(context.WithoutCancel(ctx), dir); err != nil {
				s.Errorf("%v", err)
			}
			if s.Failed() {
				if err := s.Install(context.WithoutCancel(ctx), nil); err != nil {
					s.Errorf("upgrade to this version after all: %v", err)
				}
			}
		})
		s.Logf("upgrade from %s", previous.Name)
		// Another request of memory changes the pod template of the databases.
		older := helm.Merged(s.Values, helm.Values{
			"image":    helm.Image(previous.Image),
			"memgraph": helm.Values{"resources": helm.Values{"requests": helm.Values{"memory": "120Mi"}}},
		})
		require.NoError(s, s.Helm.Upgrade(ctx, s.Prefix, s.Namespace, previous.Chart, older))
		load := s.Load(ctx)
		old := s.lives(ctx)
		load.Round(ctx, fault.Change{
			Title: "upgrade from " + previous.Name,
			Do:    func(ctx context.Context) error { return s.Install(ctx, nil) },
			Acts: func(ctx context.Context) error {
				if err := s.runs(ctx, s.Controllers, s.Images.Controller); err != nil {
					return err
				}
				return s.renewed(ctx, old)
			},
		}, nil)
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
	})
}
