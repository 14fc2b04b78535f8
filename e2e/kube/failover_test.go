package kube

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/controller/api"
)

const (
	// targetMedian and targetMax are what the project promises of a failover.
	targetMedian = time.Second
	targetMax    = 5 * time.Second
)

func TestForcedDeletionOfTheMain(t *testing.T) {
	scenario(t, "writes go on within seconds and new connections never fail", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(20, 5) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.Delete(s.Target(), fault.Main), moved(main))
		}
		s.phases(ctx)
		load.Judge(ctx, Promise{Median: targetMedian, Gap: targetMax, Connections: true})
	})
}

func TestGracefulDeletionOfTheMain(t *testing.T) {
	scenario(t, "the main hands over before it stops", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(10, 2) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.Retire(s.Target(), fault.Main), moved(main))
		}
		s.phases(ctx)
		load.Judge(ctx, Promise{Gap: plannedGap, Connections: true, NoErrors: true, NoReseed: true})
	})
}

func TestKillOfTheMainsProcess(t *testing.T) {
	scenario(t, "a process that dies without notice is replaced as the main", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(20, 3) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.Kill(s.Target(), fault.Main), moved(main))
		}
		s.phases(ctx)
		load.Judge(ctx, Promise{Median: targetMedian, Gap: targetMax, Connections: true})
	})
}

func TestForcedDeletionOfTheVoter(t *testing.T) {
	scenario(t, "another replica votes and the main stays", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(10, 2) {
			before := s.Whole(ctx, s).Record
			load.Round(ctx, fault.Delete(s.Target(), fault.Voter), nil)
			require.Equal(s, before.Main, s.Whole(ctx, s).Record.Main, "the main changed although only the voter was lost")
		}
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true})
	})
}

func TestLossOfTheMainsVolume(t *testing.T) {
	scenario(t, "a main whose data are gone is replaced and comes back empty as a replica", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(3, 1) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.LoseVolume(s.Target(), fault.Main), moved(main))
			require.NotEqual(s, main, s.Whole(ctx, s).Record.Main, "whoever lost the data is main again")
		}
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true})
	})
}

// phases reports how long each part of the failovers took, as far as the present
// leader led them.
func (s *Scenario) phases(ctx context.Context) {
	s.Helper()
	leader := s.Whole(ctx, s).Leader
	err := s.WithController(ctx, leader, func(client api.Client) error {
		failovers, err := client.Failovers(ctx)
		phases := phasesOf(failovers, s.result.Began)
		for _, name := range slices.Sorted(maps.Keys(phases)) {
			s.Measure("phase "+name, phases[name])
		}
		return err
	})
	if err != nil {
		s.Logf("no timelines of the failovers: %v", err)
	}
}
