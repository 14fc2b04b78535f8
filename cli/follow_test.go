package cli

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// goingOn is a switchover to memgraph-1 with the phases that have ended.
func goingOn(phases ...api.PhaseName) api.Failover {
	f := api.Failover{ID: "r1", Kind: api.KindSwitchover, Reason: "requested", To: "memgraph-1", Started: at()}
	for _, name := range phases {
		f.Phases = append(f.Phases, api.Phase{Name: name, Started: at(), Duration: api.Duration(120 * time.Millisecond)})
	}
	return f
}

func ended(f api.Failover, result api.Result, detail string) api.Failover {
	f.Result, f.Detail, f.Finished = result, detail, f.Started.Add(310*time.Millisecond)
	f.SessionsCut, f.Held = 2, 3
	return f
}

// script lets a controller go through states, one at each look.
func script(steps ...func(*controller)) func(*controller) {
	next := 0
	return func(c *controller) {
		if next < len(steps) {
			steps[next](c)
			next++
		}
	}
}

func shows(failovers ...api.Failover) func(*controller) {
	return func(c *controller) {
		c.status.Record.Request = nil
		c.failovers = failovers
	}
}

func waitsFor(reason string) func(*controller) {
	return func(c *controller) {
		c.status.Record.Request = pendingRequest(topology.RequestSwitchover)
		c.status.Routing.Decision.Reason = reason
	}
}

func TestSwitchoverShowsItsProgressUntilItIsDone(t *testing.T) {
	c := &controller{status: healthy()}
	other := ended(goingOn(), api.ResultReverted, "another one")
	other.ID = "r0"
	c.onFailovers = script(
		shows(other),
		waitsFor("memgraph-1 is being caught up"),
		waitsFor("memgraph-1 is being caught up"),
		shows(other, goingOn(api.PhaseFence)),
		shows(other, goingOn(api.PhaseFence, api.PhaseDemote, api.PhasePromote)),
		shows(other, ended(goingOn(api.PhaseFence, api.PhaseDemote, api.PhasePromote), api.ResultCompleted, "")),
	)
	got := command(t, "", "switchover", "--to", "memgraph-1", "--server", c.serve(t, ""))
	require.Equal(t, run{0, `taken down as r1
  waiting: memgraph-1 is being caught up
  fence       120ms
  demote      120ms
  promote     120ms
memgraph-1 is the main: 310ms in all, 2 sessions cut, 3 connections held
`, ""}, got)
	require.Equal(t, []any{api.SwitchoverRequest{Target: "memgraph-1", By: "ada@desk"}}, c.asked)
}

func TestSwitchoverThatEndsOtherwiseFails(t *testing.T) {
	for _, result := range []api.Result{api.ResultReverted, api.ResultSuperseded} {
		c := &controller{status: healthy(), onFailovers: script(shows(ended(goingOn(), result, "memgraph-1 died")))}
		got := command(t, "", "switchover", "--server", c.serve(t, ""))
		require.Equal(t, exitFailed, got.code)
		require.Contains(t, got.err, "the switchover was "+string(result)+": memgraph-1 died")
	}
}

func TestSwitchoverThatTheControllerForgetsFailsWithItsReason(t *testing.T) {
	c := &controller{status: healthy(), onFailovers: script(waitsFor("memgraph-1 is silent"), shows())}
	got := command(t, "", "switchover", "--server", c.serve(t, ""))
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "gave the request up: memgraph-1 is silent")
}

func TestSwitchoverStopsWaitingAfterItsTimeout(t *testing.T) {
	c := &controller{status: healthy(), onFailovers: waitsFor("memgraph-1 lags")}
	got := command(t, "", "switchover", "--timeout", "150ms", "--server", c.serve(t, ""))
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "not done after 150ms: the controller goes on with r1")
}

func TestSwitchoverNeedNotWait(t *testing.T) {
	c := &controller{status: healthy()}
	require.Equal(t, run{0, "taken down as r1\n", ""}, command(t, "", "switchover", "--no-wait", "--server", c.serve(t, "")))
}

func TestSwitchoverThatIsRefusedExitsWith3(t *testing.T) {
	c := &controller{status: healthy(), refusal: api.Conflict("memgraph-1 lags", "wait for it")}
	got := command(t, "", "switchover", "--server", c.serve(t, ""))
	require.Equal(t, run{exitRefused, "", "memgraph-controller: memgraph-1 lags; wait for it\n"}, got)
}

func TestSwitchoverThatIsInterruptedGoesOnWithoutUs(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	c := &controller{status: healthy(), onFailovers: script(waitsFor("x"), func(*controller) { interrupt() })}
	var root struct{ Commands }
	var out, problems bytes.Buffer
	code := Execute(ctx, &root, []string{"switchover", "--server", c.serve(t, "")}, &Terminal{Out: &out, Err: &problems})
	require.Equal(t, exitFailed, code)
	require.Contains(t, problems.String(), "interrupted: the controller goes on with r1")
}
