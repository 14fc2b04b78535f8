package kube

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// told is what Kubernetes was told.
type told struct {
	events []string
	gates  map[string]string
}

func (k *told) Normal(reason, note string)  { k.events = append(k.events, "Normal "+reason+" "+note) }
func (k *told) Warning(reason, note string) { k.events = append(k.events, "Warning "+reason+" "+note) }
func (k *told) Report(name string, inSync bool, why string) {
	k.gates[name] = map[bool]string{true: "in sync: ", false: "not in sync: "}[inSync] + why
}

func newReporter(leads bool) (*Reporter, *told) {
	k := &told{gates: map[string]string{}}
	return &Reporter{Readiness: k, Events: k, Leads: func() bool { return leads }}, k
}

// wholeStatus is a cluster in which nothing is wrong.
func wholeStatus() api.Status {
	up := func(name string, status topology.Status) api.Instance {
		return api.Instance{Name: name, Health: topology.HealthUp, Status: status, Clean: true}
	}
	return api.Status{
		Time: time.Unix(1000, 0), Epoch: 5,
		Record:    topology.Record{Epoch: 5, Main: "a", Voter: "b", Gate: topology.GateOpen, Since: time.Unix(900, 0)},
		Instances: []api.Instance{up("a", ""), up("b", topology.StatusReady), up("c", topology.StatusReady)},
	}
}

func TestEachTransitionIsAnEventOnce(t *testing.T) {
	r, k := newReporter(true)
	status := wholeStatus()
	status.Transitions = []api.Transition{
		{Time: time.Unix(1, 0), Kind: "FailoverBegun", Text: "a is lost"},
		{Time: time.Unix(2, 0), Kind: "FailoverDone", Text: "b is the main"},
		{Time: time.Unix(3, 0), Kind: api.TransitionEpoch, Text: "nothing to see"},
	}
	r.report(status)
	r.report(status)
	require.Equal(t, []string{"Warning FailoverBegun a is lost", "Normal FailoverDone b is the main"}, k.events)
}

func TestWhoDoesNotLeadReportsNothing(t *testing.T) {
	r, k := newReporter(false)
	status := wholeStatus()
	status.Transitions = []api.Transition{{Time: time.Unix(1, 0), Kind: "FailoverBegun", Text: "a is lost"}}
	r.report(status)
	require.Empty(t, k.events)
	require.Empty(t, k.gates)
	r.Leads = func() bool { return true }
	r.report(status)
	require.Empty(t, k.events, "what happened under another leader was reported by him")
	require.Len(t, k.gates, 3)
}

func TestLongTimeWithoutWritesIsWarnedOfWithItsReason(t *testing.T) {
	r, k := newReporter(true)
	status := wholeStatus()
	status.Record.Gate, status.Routing.Decision.Reason = topology.GateClosed, "no instance has everything"
	r.report(status)
	r.report(status)
	require.Equal(t, []string{"Warning NoWrites no instance takes writes: no instance has everything"}, k.events)
	status.Time = status.Time.Add(writesMissed)
	r.report(status)
	require.Len(t, k.events, 2)
}

func TestWhenARollingRestartMayGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*api.Status)
		instance string
		says     string
	}{
		"main":                        {func(*api.Status) {}, "a", "in sync: it is the main"},
		"main while clients pause":    {func(s *api.Status) { s.Record.Gate = topology.GatePaused }, "a", "in sync: it is the main"},
		"main that takes no writes":   {func(s *api.Status) { s.Record.Gate = topology.GateClosed }, "a", "not in sync: it is the main and takes no writes yet"},
		"main that nobody can follow": {func(s *api.Status) { s.Record.Voter = "" }, "a", "not in sync: it is the main and no replica could follow it"},
		"main alone":                  {func(s *api.Status) { s.Record.Voter, s.Instances = "", s.Instances[:1] }, "a", "in sync: it is the main"},
		"replica":                     {func(*api.Status) {}, "c", "in sync: it replicates"},
		"replica under load":          {func(s *api.Status) { s.Instances[2].Status = topology.StatusReplicating }, "c", "in sync: it replicates"},
		"silent replica":              {func(s *api.Status) { s.Instances[2].Health = topology.HealthSilent }, "c", "not in sync: it does not answer"},
		"unregistered replica":        {func(s *api.Status) { s.Instances[2].Status = "" }, "c", "not in sync: it is not registered at the main"},
		"replica that recovers":       {func(s *api.Status) { s.Instances[2].Status = topology.StatusRecovery }, "c", `not in sync: its replication is "recovery"`},
		"replica that restarted":      {func(s *api.Status) { s.Instances[2].Clean = false }, "c", "not in sync: it has restarted since the last database epoch began; the next one begins soon"},
		"replica that diverged":       {func(s *api.Status) { s.Instances[2].Quarantined = &topology.Quarantine{Reason: "diverged"} }, "c", "not in sync: its data are set aside: diverged"},
	} {
		t.Run(name, func(t *testing.T) {
			r, k := newReporter(true)
			status := wholeStatus()
			c.change(&status)
			r.report(status)
			require.Equal(t, c.says, k.gates[c.instance])
		})
	}
}
