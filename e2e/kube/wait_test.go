package kube

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// healthy is the status of a release that is whole.
func healthy() api.Status {
	replica := func(name string) api.Instance {
		return api.Instance{Name: name, Health: topology.HealthUp, Status: topology.StatusReady, Clean: true, InReadPool: true}
	}
	return api.Status{
		Leader: "c-0", Controller: "c-0", Epoch: 7,
		Record:    topology.Record{Epoch: 7, Gate: topology.GateOpen, Main: "db-0", Voter: "db-1"},
		Instances: []api.Instance{{Name: "db-0", Health: topology.HealthUp, Clean: true}, replica("db-1"), replica("db-2")},
		Gateways:  []gateway.Status{{Name: "rw", Running: true, Applied: 7}, {Name: "ro", Running: true, Applied: 7}},
	}
}

func TestWholeMeansThatNothingIsMissing(t *testing.T) {
	require.Empty(t, broken(healthy(), 3))
	for why, harm := range map[string]func(*api.Status){
		"nobody leads":              func(s *api.Status) { s.Leader = "" },
		"the gate is paused":        func(s *api.Status) { s.Record.Gate = topology.GatePaused },
		"no main or no voter":       func(s *api.Status) { s.Record.Voter = "" },
		"2 instances instead of 3":  func(s *api.Status) { s.Instances = s.Instances[1:] },
		"ro of c-0 follows epoch 6": func(s *api.Status) { s.Gateways[1].Applied = 6 },
		"db-0 is silent":            func(s *api.Status) { s.Instances[0].Health = topology.HealthSilent },
		"db-1 has no clean history": func(s *api.Status) { s.Instances[1].Clean = false },
		"db-1 is recovery":          func(s *api.Status) { s.Instances[1].Status = topology.StatusRecovery },
		"db-2 is quarantined":       func(s *api.Status) { s.Instances[2].Quarantined = &topology.Quarantine{} },
		"db-2 is not in the read pool: lags": func(s *api.Status) {
			s.Instances[2].InReadPool, s.Instances[2].OutOfPool = false, "lags"
		},
	} {
		t.Run(why, func(t *testing.T) {
			s := healthy()
			harm(&s)
			require.Contains(t, broken(s, 3), why)
		})
	}
}

func TestNobodyHasToServeReadsWithoutAReadGateway(t *testing.T) {
	s := healthy()
	s.Gateways[1].Running, s.Gateways[1].Applied = false, 0
	s.Instances[1].InReadPool = false
	require.Empty(t, broken(s, 3))
}
