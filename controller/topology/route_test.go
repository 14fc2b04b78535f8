package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// What a gateway does with sessions follows from the record alone, so that all
// gateways do the same.
func TestWriteGatewayFollowsTheRecord(t *testing.T) {
	type route struct {
		to    string
		gate  topology.Gate
		drain bool
	}
	for name, c := range map[string]struct {
		record topology.Record
		want   route
	}{
		"open":                     {topology.Record{Gate: topology.GateOpen, Main: "a"}, route{"a", topology.GateOpen, false}},
		"paused for a new voter":   {topology.Record{Gate: topology.GatePaused, Main: "a", Plan: topology.PlanVoter}, route{"a", topology.GatePaused, false}},
		"paused for a switchover":  {topology.Record{Gate: topology.GatePaused, Main: "a", Plan: topology.PlanSwitchover}, route{"a", topology.GatePaused, true}},
		"paused for a refresh":     {topology.Record{Gate: topology.GatePaused, From: "a", Heir: "a", Plan: topology.PlanRefresh}, route{"a", topology.GatePaused, false}},
		"closed":                   {topology.Record{Gate: topology.GateClosed, Main: "a"}, route{"", topology.GateClosed, false}},
		"a gate that nobody knows": {topology.Record{Gate: "ajar", Main: "a"}, route{"", topology.GateClosed, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var got route
			got.to, got.gate, got.drain = topology.WriteRoute(c.record)
			require.Equal(t, c.want, got)
		})
	}
}

// Whoever is heard while the main alone has a write is told that it is done.
func TestNobodyIsHeardWhileTheMainHasNoVoter(t *testing.T) {
	for name, c := range map[string]struct {
		record topology.Record
		mutes  bool
	}{
		"clients fall quiet before a refresh":     {topology.Record{Gate: topology.GatePaused, Main: "a", Voter: "b", Plan: topology.PlanRefresh}, false},
		"the main has dropped all in a refresh":   {topology.Record{Gate: topology.GatePaused, From: "a", Heir: "a", Voter: "b", Plan: topology.PlanRefresh}, true},
		"clients fall quiet before a new voter":   {topology.Record{Gate: topology.GatePaused, Main: "a", Voter: "b", Plan: topology.PlanVoter}, false},
		"the old voter is out and the new not in": {topology.Record{Gate: topology.GatePaused, Main: "a", Plan: topology.PlanVoter}, true},
		"open without a voter, as a person wants": {topology.Record{Gate: topology.GateOpen, Main: "a"}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.mutes, topology.Mutes(c.record)) })
	}
}

// A wait that nobody chose is an outage, the others are maintenance.
func TestOnlyALossIsUnplanned(t *testing.T) {
	for plan, planned := range map[topology.Plan]bool{
		topology.PlanNone: true, topology.PlanBootstrap: true, topology.PlanSwitchover: true, topology.PlanRefresh: true, topology.PlanVoter: true,
		topology.PlanFailover: false, topology.PlanHandover: false, topology.PlanReturn: false,
	} {
		require.Equal(t, planned, topology.Planned(topology.Record{Plan: plan}), plan)
	}
}

// A main that came back as a replica, or empty, is what the record names, and
// not yet what a client wants.
func TestMainServesOnceItIsSeenToBeMainWithTheData(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*topology.Instance)
		serves bool
	}{
		"it is main":      {func(*topology.Instance) {}, true},
		"it is a replica": {func(i *topology.Instance) { i.Answer.Role = topology.RoleReplica }, false},
		"other data":      {func(i *topology.Instance) { i.Database = "foreign" }, false},
		"it is silent":    {func(i *topology.Instance) { i.Health = topology.HealthSilent }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("a", c.change)
			require.Equal(t, c.serves, topology.Serves(s.record, s.view, "a"))
		})
	}
}
