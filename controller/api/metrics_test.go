package api

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// gatherable is what /metrics has: the backend's metrics and the failovers'.
func gatherable(t *testing.T, backend Backend) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(collector{backend}))
	failovers := NewFailoverMetrics()
	failovers.Observe(Failover{
		Kind: KindFailover, Reason: "dead", Result: ResultCompleted,
		Phases: []Phase{{Name: PhaseDetect, Duration: Duration(300 * time.Millisecond)}},
	})
	require.NoError(t, registry.Register(failovers))
	return registry
}

func TestMetricsFollowTheConventions(t *testing.T) {
	problems, err := testutil.GatherAndLint(gatherable(t, healthyBackend()))
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestEveryMetricHasThePrefixAndEveryGatewayMetricSaysWhichGateway(t *testing.T) {
	families, err := gatherable(t, healthyBackend()).Gather()
	require.NoError(t, err)
	gateways := 0
	for _, family := range families {
		require.True(t, strings.HasPrefix(family.GetName(), "memgraph_controller_"), family.GetName())
		if !strings.HasPrefix(family.GetName(), "memgraph_controller_gateway_") {
			continue
		}
		gateways++
		seen := map[string]bool{}
		for _, sample := range family.GetMetric() {
			for _, label := range sample.GetLabel() {
				if label.GetName() == "gateway" {
					seen[label.GetValue()] = true
				}
			}
		}
		require.Equal(t, map[string]bool{"rw": true, "ro": true}, seen, family.GetName())
	}
	require.NotZero(t, gateways)
}

// UPDATE=1 writes the table of the reference page anew.
func TestReferenceListsEveryMetric(t *testing.T) {
	const path, begin, end = "../../docs/reference.md", "<!-- metrics: begin -->\n", "<!-- metrics: end -->"
	families, err := gatherable(t, healthyBackend()).Gather()
	require.NoError(t, err)
	table := "| metric | labels | what it is |\n|---|---|---|\n"
	for _, family := range families {
		var labels []string
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, label.GetName())
		}
		table += "| `" + family.GetName() + "` | " + strings.Join(labels, ", ") + " | " + family.GetHelp() + " |\n"
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok, "the page has lost its mark %q", begin)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, "the page has lost its mark %q", end)
	want := head + begin + table + end + tail
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "run `UPDATE=1 go test -run Reference ./controller/api`")
}

func TestReadingAndWritingAreCountedApart(t *testing.T) {
	want := `
# HELP memgraph_controller_gateway_bytes_total Bytes carried, up from clients to servers and down.
# TYPE memgraph_controller_gateway_bytes_total counter
memgraph_controller_gateway_bytes_total{direction="down",gateway="ro"} 5000
memgraph_controller_gateway_bytes_total{direction="down",gateway="rw"} 5000
memgraph_controller_gateway_bytes_total{direction="up",gateway="ro"} 1000
memgraph_controller_gateway_bytes_total{direction="up",gateway="rw"} 1000
# HELP memgraph_controller_gateway_connections Client connections that have an upstream.
# TYPE memgraph_controller_gateway_connections gauge
memgraph_controller_gateway_connections{gateway="ro"} 6
memgraph_controller_gateway_connections{gateway="rw"} 4
# HELP memgraph_controller_gateway_cut_total Client connections that were reset.
# TYPE memgraph_controller_gateway_cut_total counter
memgraph_controller_gateway_cut_total{gateway="ro",reason="route"} 6
memgraph_controller_gateway_cut_total{gateway="rw",reason="route"} 4
`
	require.NoError(t, testutil.GatherAndCompare(gatherable(t, healthyBackend()), strings.NewReader(want),
		"memgraph_controller_gateway_bytes_total", "memgraph_controller_gateway_connections",
		"memgraph_controller_gateway_cut_total"))
}

func TestMetricsOfAClusterWithoutMain(t *testing.T) {
	backend := healthyBackend()
	backend.status.Record.Gate, backend.status.Record.Voter = topology.GateClosed, ""
	backend.status.Paused = &topology.Pause{Until: begin()}
	backend.status.Leader = "another"
	backend.status.Instances[0].Role = topology.RoleUnknown
	backend.status.Instances[0].Health = topology.HealthSilent
	want := `
# HELP memgraph_controller_gate 1 for the present state of the write path.
# TYPE memgraph_controller_gate gauge
memgraph_controller_gate{gate="closed"} 1
memgraph_controller_gate{gate="open"} 0
memgraph_controller_gate{gate="paused"} 0
# HELP memgraph_controller_leader 1 when this controller is the leader.
# TYPE memgraph_controller_leader gauge
memgraph_controller_leader 0
# HELP memgraph_controller_paused 1 while automatic actions are paused.
# TYPE memgraph_controller_paused gauge
memgraph_controller_paused 1
# HELP memgraph_controller_replica_behind Logical timestamps by which the replica lags.
# TYPE memgraph_controller_replica_behind gauge
memgraph_controller_replica_behind{instance="memgraph-1"} 0
memgraph_controller_replica_behind{instance="memgraph-2"} 4
# HELP memgraph_controller_replica_lag_seconds Time since the replica was last seen in sync.
# TYPE memgraph_controller_replica_lag_seconds gauge
memgraph_controller_replica_lag_seconds{instance="memgraph-1"} 0
memgraph_controller_replica_lag_seconds{instance="memgraph-2"} 1.5
# HELP memgraph_controller_voter 1 when a replica holds every acknowledged write, so that a failover is possible.
# TYPE memgraph_controller_voter gauge
memgraph_controller_voter 0
# HELP memgraph_controller_write_unavailable_seconds_total Time in which the write gateway had nowhere to send connections to.
# TYPE memgraph_controller_write_unavailable_seconds_total counter
memgraph_controller_write_unavailable_seconds_total 2.5
`
	require.NoError(t, testutil.GatherAndCompare(gatherable(t, backend), strings.NewReader(want),
		"memgraph_controller_gate", "memgraph_controller_leader", "memgraph_controller_paused", "memgraph_controller_voter",
		"memgraph_controller_replica_behind", "memgraph_controller_replica_lag_seconds",
		"memgraph_controller_write_unavailable_seconds_total"))
}

func TestRolesAndHealthHaveOneSamplePerState(t *testing.T) {
	families, err := gatherable(t, healthyBackend()).Gather()
	require.NoError(t, err)
	perInstance := map[string]int{}
	for _, family := range families {
		sum := 0.0
		for _, sample := range family.GetMetric() {
			sum += sample.GetGauge().GetValue()
		}
		switch family.GetName() {
		case "memgraph_controller_instance_role", "memgraph_controller_instance_health":
			perInstance[family.GetName()] = len(family.GetMetric())
			require.EqualValues(t, 3, sum, "each of the three instances is in one state")
		}
	}
	require.Equal(t, map[string]int{
		"memgraph_controller_instance_role": 9, "memgraph_controller_instance_health": 15,
	}, perInstance)
}

func TestEachFailoverIsCountedOnceHoweverOftenSomebodyScrapes(t *testing.T) {
	registry := gatherable(t, healthyBackend())
	want := `
# HELP memgraph_controller_failovers_total Failovers and planned changes that this controller led to their end.
# TYPE memgraph_controller_failovers_total counter
memgraph_controller_failovers_total{kind="failover",reason="dead",result="completed"} 1
memgraph_controller_failovers_total{kind="failover",reason="silent",result="completed"} 0
memgraph_controller_failovers_total{kind="handover",reason="silent",result="completed"} 0
`
	for range 3 {
		require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(want), "memgraph_controller_failovers_total"))
	}
	count, err := testutil.GatherAndCount(registry, "memgraph_controller_failover_phase_seconds")
	require.NoError(t, err)
	require.Equal(t, 1, count)
}
