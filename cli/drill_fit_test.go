package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// withControllers adds n controllers that have carried out everything.
func withControllers(status api.Status, n int) api.Status {
	for i := range n {
		status.Controllers = append(status.Controllers, api.ControllerStatus{Name: string(rune('a' + i)), Epoch: 7, Applied: 7})
	}
	return status
}

func TestADrillIsRefusedWhereItWouldBeARisk(t *testing.T) {
	cases := map[string]struct {
		fault  string
		change func(*api.Status)
		says   string
	}{
		"paused": {killMain, func(s *api.Status) { s.Paused = &topology.Pause{Until: at().Add(time.Hour)} },
			"if the main were lost: nothing would be done: automatic actions are paused until 13:00:00Z."},
		"a failover goes on": {killMain, func(s *api.Status) { *s = failingOver(); s.Paused = nil },
			"writes: they wait until memgraph-1 is main (failover)."},
		"a planned change goes on": {killVoter, func(s *api.Status) { s.Record.Gate, s.Record.Plan = topology.GatePaused, topology.PlanVoter },
			"writes: "},
		"a request is pending": {switchOver, func(s *api.Status) { s.Record.Request = pendingRequest(topology.RequestSwitchover) },
			"a switchover was asked for and has not happened yet"},
		"no leader":                 {killMain, func(s *api.Status) { s.Leader = "" }, "no controller leads"},
		"no voter":                  {killMain, func(s *api.Status) { s.Record.Voter = "" }, "there is no voter"},
		"the voter is silent":       {killMain, func(s *api.Status) { s.Instances[1].Health = topology.HealthSilent }, "voter memgraph-1 does not answer"},
		"the voter has not voted":   {killMain, func(s *api.Status) { s.Record.Members = map[string]topology.Member{"memgraph-1": {Voted: "another"}} }, "until it has voted again"},
		"the voter is unclean":      {killMain, func(s *api.Status) { s.Instances[1].Clean = false }, "not everybody is in order: memgraph-1"},
		"a replica is not in sync":  {killMain, func(s *api.Status) { s.Instances[2].Ready, s.Instances[2].Status = false, topology.StatusInvalid }, "memgraph-2: replica, invalid"},
		"a replica ends":            {switchOver, func(s *api.Status) { s.Instances[2].Terminating = true }, "memgraph-2"},
		"two instances":             {killMain, func(s *api.Status) { s.Instances = s.Instances[:2] }, "with 2 instances writes would wait"},
		"a gateway is behind":       {killMain, func(s *api.Status) { s.Controllers[1].Applied = 6 }, "controller b have not carried out epoch 7 yet"},
		"a gateway is cut off":      {killMain, func(s *api.Status) { s.Controllers[2].Silenced = true }, "controller c are cut off"},
		"two controllers":           {killController, func(s *api.Status) { s.Controllers = s.Controllers[:2] }, "with 2 controllers those that are left would be no majority"},
		"two of three controllers":  {killController, func(s *api.Status) { s.Controllers[0].Gone = true }, "with 2 controllers"},
		"main and voter are enough": {switchOver, func(s *api.Status) { s.Instances = s.Instances[:2] }, ""},
		"a replica that receives a write is in order": {killMain, func(s *api.Status) {
			s.Instances[2].Ready, s.Instances[2].Status = false, topology.StatusReplicating
		}, ""},
	}
	for _, fault := range []string{killMain, killVoter, killController, switchOver} {
		require.Empty(t, unfit(withControllers(healthy(), 3), fault)+disorder(healthy()))
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status := withControllers(healthy(), 3)
			c.change(&status)
			if c.says == "" {
				require.Empty(t, unfit(status, c.fault)+disorder(status))
				return
			}
			require.Contains(t, unfit(status, c.fault)+disorder(status), c.says)
		})
	}
}
