package kube

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/controller/api"
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

// Memgraph is upgraded by the chart and rolled back. Replicas go first and the main last,
// whatever its ordinal: a main that is newer than a replica cannot feed it.
func TestUpgradeOfMemgraph(t *testing.T) {
	scenario(t, "replicas first, the main last by a switchover, and back again", func(ctx context.Context, s *Scenario) {
		next := s.Images.Database + "-next"
		require.NoError(s, s.tag(ctx, s.Images.Database, next))
		s.Cleanup(func() {
			if s.Failed() {
				if err := s.Install(context.WithoutCancel(ctx), nil); err != nil {
					s.Errorf("back to the image of before: %v", err)
				}
			}
		})
		load := s.Load(ctx)
		// The highest ordinal is the one that Kubernetes would restart first.
		load.Round(ctx, s.switchover(ctx, s.highest(ctx), s.asksALeader), nil)
		for _, image := range []string{next, s.Images.Database} {
			main, old := s.Whole(ctx, s).Record.Main, s.lives(ctx)
			load.Round(ctx, fault.Change{
				Title: "upgrade of the database to " + image,
				Do: func(ctx context.Context) error {
					return s.Install(ctx, helm.Values{"memgraph": helm.Values{"image": helm.Image(image)}})
				},
				Acts: func(ctx context.Context) error {
					if err := s.runs(ctx, s.Databases, image); err != nil {
						return err
					}
					return s.renewed(ctx, old)
				},
			}, nil)
			order := s.replaced(ctx)
			s.Logf("replaced in this order: %v", order)
			require.Equal(s, main, order[len(order)-1], "the main comes last")
		}
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
	})
}

// highest is the database with the highest ordinal; the main has to be another one.
func (s *Scenario) highest(ctx context.Context) string {
	status := s.Whole(ctx, s)
	last := status.Instances[len(status.Instances)-1].Name
	if status.Record.Main == last {
		require.NoError(s, s.switchover(ctx, "", s.asksALeader).Inject(ctx))
		s.Until(ctx, s, "somebody else is main", overWithin, func(now api.Status) bool { return moved(last)(now) })
		s.Whole(ctx, s)
	}
	return last
}

// replaced lists the databases in the order in which their pods were made. That is known to
// the second, and the next one is not made before the one before is in sync.
func (s *Scenario) replaced(ctx context.Context) (names []string) {
	s.Helper()
	pods, err := s.Pods(ctx, s.Databases)
	require.NoError(s, err)
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	for _, p := range pods {
		names = append(names, p.Name)
	}
	return names
}
