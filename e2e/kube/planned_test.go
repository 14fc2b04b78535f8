package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/controller/api"
)

// plannedGap is what the project promises of a planned change.
const plannedGap = 1500 * time.Millisecond

func TestPlannedSwitchover(t *testing.T) {
	scenario(t, "managed transactions see no error", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(20, 3) {
			load.Round(ctx, s.switchover(ctx, "", s.asksALeader), nil)
		}
		s.phases(ctx)
		load.Judge(ctx, Promise{Gap: plannedGap, Connections: true, NoErrors: true, NoReseed: true})
	})
}

func TestSwitchoverAskedOfAControllerThatDoesNotLead(t *testing.T) {
	scenario(t, "every controller takes requests", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		load.Round(ctx, s.switchover(ctx, "", s.asksAFollower), nil)
		load.Judge(ctx, Promise{Gap: plannedGap, Connections: true, NoErrors: true, NoReseed: true})
	})
}

func TestSwitchoverNeedsTheToken(t *testing.T) {
	scenario(t, "nobody without the token of the Secret moves the main", func(ctx context.Context, s *Scenario) {
		before := s.Whole(ctx, s)
		for name, token := range map[string]string{"no token": "", "a wrong token": "wrong"} {
			stranger := s.API
			stranger.Token = token
			_, err := stranger.Switchover(ctx, api.SwitchoverRequest{By: "e2e"})
			refusal, refused := errors.AsType[*api.Error](err)
			require.True(s, refused, "%s: %v", name, err)
			require.Equal(s, http.StatusUnauthorized, refusal.Status, name)
		}
		require.Equal(s, before.Record.Main, s.Whole(ctx, s).Record.Main)
	})
}

// switchover moves the main to an instance, the voter where it is empty. ask
// sends the request.
func (s *Scenario) switchover(ctx context.Context, to string, ask func(context.Context, api.SwitchoverRequest) error) fault.Fault {
	s.Helper()
	main := s.Whole(ctx, s).Record.Main
	return fault.Change{
		Title: "switchover from " + main,
		Do:    func(ctx context.Context) error { return ask(ctx, api.SwitchoverRequest{Target: to, By: "e2e"}) },
		Acts: func(ctx context.Context) error {
			status, err := s.Status(ctx)
			if err == nil && !moved(main)(status) {
				err = fmt.Errorf("%s", describe(status))
			}
			return err
		},
	}
}

func (s *Scenario) asksALeader(ctx context.Context, request api.SwitchoverRequest) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	return s.WithController(ctx, status.Leader, func(leader api.Client) error {
		_, err := leader.Switchover(ctx, request)
		return err
	})
}

func (s *Scenario) asksAFollower(ctx context.Context, request api.SwitchoverRequest) error {
	followers, err := s.followers(ctx)
	if err != nil {
		return err
	}
	return s.WithController(ctx, followers[0], func(follower api.Client) error {
		_, err := follower.Switchover(ctx, request)
		return err
	})
}

// followers lists the controllers that do not lead.
func (s *Scenario) followers(ctx context.Context) (names []string, err error) {
	status, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	pods, err := s.Pods(ctx, s.Controllers)
	for _, p := range pods {
		if p.Name != status.Leader {
			names = append(names, p.Name)
		}
	}
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("there is no controller besides leader %q", status.Leader)
	}
	return names, err
}

func TestDrainOfTheMainsNode(t *testing.T) {
	scenario(t, "the main and the gateway of a node leave it without a loss", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(3, 1) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.Drain(s.Target(), fault.Main), moved(main))
		}
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
	})
}

func TestRolloutRestarts(t *testing.T) {
	scenario(t, "rolling restarts in a row are noticed by nobody", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		for range s.Rounds(20, 2) {
			load.Round(ctx, fault.Restart(s.Target()), nil)
		}
		load.Judge(ctx, Promise{Gap: plannedGap, Connections: true, NoErrors: true, NoReseed: true})
	})
}

func TestPodsAreRescheduledWithNewAddresses(t *testing.T) {
	scenario(t, "gateways and replication follow them", func(ctx context.Context, s *Scenario) {
		load := s.Load(ctx)
		old := s.lives(ctx)
		for name := range old {
			load.Round(ctx, fault.Retire(s.Target(), fault.Victim(name)), nil)
		}
		for name, life := range s.lives(ctx) {
			if life.IP == old[name].IP {
				s.Void("pod %s has its address %s again", name, life.IP)
			}
		}
		load.Judge(ctx, Promise{Gap: plannedGap, Connections: true, NoErrors: true, NoReseed: true})
	})
}
