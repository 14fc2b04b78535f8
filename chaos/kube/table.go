package kube

import (
	"context"
	"time"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/controller/api"
	cluster "memgraph-controller/e2e/kube"
)

// Family is faults of one kind, which one batch goes through.
type Family struct {
	Name  string
	Cases []Case
}

// The hold times. The balanced preset takes silence for death after 2 s.
const (
	blink = 500 * time.Millisecond
	hold  = 6 * time.Second
	long  = 12 * time.Second
)

// silent bounds what a voter costs that does not answer: its main stalls behind it and
// hands over to the third instance in about 3 s, but in a cluster of three nobody can
// vote for that one before the old main has restarted, or the voter answers again. A
// pod that is replaced needs 3 s to end, 5 s to start, and 3 s until its Service leads to
// it: 22 s were measured. Where there are four instances the fourth votes at once, if the
// third has everything (docs/failures.md).
const silent = 30 * time.Second

// latency is what is added to each packet of somebody. A question to an instance takes
// five round trips over a new connection, and has 600 ms in the balanced preset: 200 ms
// each way, which was tried, is silence.
const latency = 40 * time.Millisecond

// Families are all faults, with what each has to lead to.
func Families(r *cluster.Release) []Family {
	t := r.Target()
	move := func(ctx context.Context, to string) error {
		_, err := r.API.Switchover(ctx, api.SwitchoverRequest{Target: to, By: "chaos"})
		return err
	}
	return []Family{
		{"processes", processes(t)},
		{"pods", pods(t)},
		{"partitions", partitions(t)},
		{"nodes", nodes(t, move)},
		{"control", control(t, r)},
		{"quality", quality(t, move)},
		{"combined", combined(t)},
	}
}

func processes(t fault.Target) []Case {
	return []Case{
		{Fault: fault.Kill(t, fault.Main), Outcome: Failover, Gap: promised},
		{Fault: fault.Kill(t, fault.Voter), Outcome: Stay, Gap: promised},
		{Fault: fault.Kill(t, fault.Replica), Outcome: Stay, Gap: promised},
		{Fault: fault.Stop(t, fault.Main), Hold: blink, Outcome: Stay, Gap: promised},
		{Fault: fault.Stop(t, fault.Main), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: fault.Stop(t, fault.Main), Hold: long, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: fault.Stop(t, fault.Voter), Hold: blink, Outcome: Stay, Gap: promised},
		{Fault: fault.Stop(t, fault.Voter), Hold: hold, Outcome: Either, Gap: silent},
		{Fault: fault.Stop(t, fault.Replica), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
	}
}

func pods(t fault.Target) []Case {
	return []Case{
		{Fault: fault.Delete(t, fault.Main), Outcome: Failover, Gap: promised},
		{Fault: fault.Retire(t, fault.Main), Outcome: Failover, Gap: promised},
		{Fault: fault.Delete(t, fault.Voter), Outcome: Stay, Gap: promised},
		{Fault: fault.Delete(t, fault.Replica), Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.LoseVolume(t, fault.Main), Outcome: Failover, Gap: promised, Slow: true},
	}
}

func partitions(t fault.Target) []Case {
	return []Case{
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Voter), Hold: blink, Outcome: Stay, Gap: promised},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Voter), Hold: hold, Outcome: Either, Gap: silent},
		{Fault: fault.Cut(t, fault.Main, fault.Out, fault.Voter), Hold: hold, Outcome: Either, Gap: silent, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.In, fault.Voter), Hold: hold, Outcome: Either, Gap: silent, Slow: true},
		// A gateway is in each controller's pod: one that cannot reach the main
		// stalls its own clients and moves nothing.
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Leader), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.Cut(t, fault.Main, fault.Out, fault.Leader), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.In, fault.Leader), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Follower), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.Out, fault.Follower), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.In, fault.Follower), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Controllers), Hold: hold, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Everybody), Hold: blink, Outcome: Stay, Gap: promised},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Everybody), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: fault.Cut(t, fault.Main, fault.Out, fault.Everybody), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: fault.Cut(t, fault.Main, fault.In, fault.Everybody), Hold: hold, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Main, fault.Both, fault.Everybody), Hold: long, Outcome: Failover, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Voter, fault.Both, fault.Everybody), Hold: blink, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Voter, fault.Both, fault.Everybody), Hold: hold, Outcome: Either, Gap: silent},
		{Fault: fault.Cut(t, fault.Voter, fault.Out, fault.Everybody), Hold: hold, Outcome: Either, Gap: silent, Slow: true},
		{Fault: fault.Cut(t, fault.Voter, fault.In, fault.Everybody), Hold: hold, Outcome: Either, Gap: silent, Slow: true},
		// A failover that needed DNS took 45 s when a node died that had the main and
		// all name servers.
		{
			Fault: fault.Together(fault.Cut(t, fault.NameServers, fault.Both, fault.Everybody), fault.Kill(t, fault.Main)),
			Hold:  hold, Outcome: Failover, Gap: promised,
		},
		{Fault: fault.Cut(t, fault.Leader, fault.Both, fault.APIServer), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.Cut(t, fault.Leader, fault.Out, fault.APIServer), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Leader, fault.In, fault.APIServer), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Cut(t, fault.Controllers, fault.Both, fault.APIServer), Hold: long, Outcome: Stay, Gap: promised, Slow: true},
	}
}

func nodes(t fault.Target, move fault.Move) []Case {
	return []Case{
		{Fault: fault.PauseNode(t, fault.Main), Hold: blink, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.PauseNode(t, fault.Main), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: fault.CutNode(t, fault.Main), Hold: hold, Outcome: Failover, Gap: promised},
		{Fault: fault.CutNode(t, fault.Voter), Hold: hold, Outcome: Either, Gap: silent, Slow: true},
		{Fault: fault.KillNode(t, fault.Main), Hold: hold, Outcome: Failover, Gap: promised},
		{
			Fault: fault.WhereLeaderIs(t, fault.KillNode(t, fault.Main), move),
			Hold:  hold, Outcome: Failover, Gap: promised, Settle: true,
		},
	}
}

func control(t fault.Target, r *cluster.Release) []Case {
	cases := []Case{
		{Fault: fault.Kill(t, fault.Leader), Outcome: Stay, Gap: promised},
		{Fault: fault.Delete(t, fault.Follower), Outcome: Stay, Gap: promised},
		{Fault: fault.Delete(t, fault.Leader), Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Stop(t, fault.Leader), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.FreezeAPIServer(t), Hold: long, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Together(fault.Kill(t, fault.Main), fault.Kill(t, fault.Leader)), Outcome: Failover, Gap: 2 * promised},
	}
	for i, phase := range fault.Phases() {
		// A new leader comes first, within 3 s: 5 s are promised of one failure.
		cases = append(cases, Case{Fault: fault.KillLeaderIn(t, phase, r.WithController), Outcome: Failover, Gap: 2 * promised, Slow: i%2 == 1})
	}
	return cases
}

func quality(t fault.Target, move fault.Move) []Case {
	return []Case{
		{Fault: fault.Lose(t, 20, fault.Main, fault.Everybody), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.Lose(t, 20, fault.Main, fault.Voter), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Delay(t, fault.Main, latency), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.Delay(t, fault.Voter, latency), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.Delay(t, fault.Leader, latency), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.SlowDisk(t, fault.Main, 10), Hold: hold, Outcome: Stay, Gap: promised},
		{Fault: fault.SlowDisk(t, fault.Voter, 10), Hold: hold, Outcome: Stay, Gap: promised, Slow: true},
		{Fault: fault.FullDisk(t, move), Hold: hold, Outcome: Failover, Gap: promised, Settle: true, Slow: true},
	}
}

func combined(t fault.Target) []Case {
	return []Case{
		{Fault: fault.Flap(fault.Cut(t, fault.Main, fault.Both, fault.Everybody), time.Second, time.Second), Hold: long, Outcome: Either},
		{Fault: fault.Flap(fault.Stop(t, fault.Voter), time.Second, time.Second), Hold: long, Outcome: Either, Slow: true},
		{Fault: fault.Together(fault.Restart(t), fault.Kill(t, fault.Main)), Outcome: Failover, Slow: true},
		{Fault: fault.Together(fault.Restart(t), fault.Kill(t, fault.Leader)), Outcome: Failover, Slow: true},
	}
}
