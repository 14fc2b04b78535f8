package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

func TestExplainSaysWhatFollowsFromTheStatus(t *testing.T) {
	for name, status := range map[string]api.Status{"healthy": healthy(), "failover": failingOver(), "empty": {}} {
		address := (&controller{status: status}).serve(t, "")
		got := command(t, "", "explain", "--server", address)
		require.Equal(t, run{0, got.out, ""}, got)
		requireGolden(t, "explain-"+name+".txt", got.out)
	}
}

func TestExplainOfOneInstanceSpeaksOfNoOther(t *testing.T) {
	address := (&controller{status: healthy()}).serve(t, "")
	got := command(t, "", "explain", "memgraph-2", "--server", address)
	require.Equal(t, run{0, "memgraph-2: replica, ready at its main and 4 timestamps behind; reads go to it.\n", ""}, got)
	got = command(t, "", "explain", "memgraph-7", "--server", address)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.err, `no instance "memgraph-7"; there are [memgraph-0 memgraph-1 memgraph-2]`)
}

// Whoever asks why there would be no failover is told which of its conditions fails.
func TestExplainSaysWhyNobodyWouldFollow(t *testing.T) {
	for want, change := range map[string]func(*api.Status){
		"memgraph-1 would follow, with every acknowledged write.": func(*api.Status) {},
		"memgraph-1 would follow, with every acknowledged write. It restarted in this database epoch, so it may have to be restarted once more.": func(s *api.Status) {
			s.Instances[1].Clean = false
		},
		"nobody could follow without loss, because there is no voter; writes would wait for its return.": func(s *api.Status) {
			s.Record.Voter = ""
		},
		"nobody could follow while voter memgraph-1 does not answer.": func(s *api.Status) {
			s.Instances[1].Health = topology.HealthSilent
		},
		"memgraph-1 could not follow: it restarted and may lack the last acknowledged write, until it has voted again.": func(s *api.Status) {
			s.Record.Members = map[string]topology.Member{"memgraph-1": {Voted: "before"}}
			s.Instances[1].Process = "now"
		},
		"nobody could follow without loss, because memgraph-0 runs with storage_wal_enabled=false, and what it wrote is on no replica; writes would wait for its return.": func(s *api.Status) {
			s.Record.Voter, s.Instances[0].Unreplicated = "", "runs with storage_wal_enabled=false"
		},
		"nobody could follow: voter memgraph-1 runs with storage_wal_enabled=false, so its data may not be what they seem.": func(s *api.Status) {
			s.Instances[1].Unreplicated = "runs with storage_wal_enabled=false"
		},
		"nothing would be done: no controller leads.": func(s *api.Status) { s.Leader = "" },
		"nothing would be done: automatic actions are paused until 12:10:00Z.": func(s *api.Status) {
			s.Paused = &topology.Pause{Until: at().Add(10 * time.Minute)}
		},
		"there is none at this moment.": func(s *api.Status) { s.Record.Main = "" },
	} {
		status := healthy()
		change(&status)
		require.Equal(t, want, ifLost(status))
	}
}

func failovers() []api.Failover {
	return []api.Failover{
		{
			ID: "f1", Kind: api.KindFailover, Reason: "dead", Detail: "main memgraph-0 is lost", From: "memgraph-0", To: "memgraph-1",
			Started: at(), Finished: at().Add(870 * time.Millisecond), Result: api.ResultCompleted, SessionsCut: 12, Held: 3,
			Evidence: []string{"its process\x1b[2J is gone"},
			Phases: []api.Phase{
				{Name: api.PhaseFence, Started: at(), Duration: api.Duration(120 * time.Millisecond)},
				{Name: api.PhasePromote, Started: at().Add(120 * time.Millisecond), Duration: api.Duration(150 * time.Millisecond)},
			},
		},
		{ID: "f2", Kind: api.KindRefresh, Reason: "restarted", From: "memgraph-1", To: "memgraph-1", Started: at().Add(time.Minute)},
	}
}

func TestHistoryListsFailoversAndShowsOne(t *testing.T) {
	address := (&controller{failovers: failovers()}).serve(t, "")
	requireGolden(t, "history.txt", command(t, "", "history", "--server", address).out)
	requireGolden(t, "history-f1.txt", command(t, "", "history", "f1", "--server", address).out)

	got := command(t, "", "history", "-o", "json", "--server", address)
	var decoded []api.Failover
	require.NoError(t, json.Unmarshal([]byte(got.out), &decoded))
	require.Equal(t, failovers(), decoded)

	got = command(t, "", "history", "f9", "--server", address)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.err, `no failover "f9" is remembered`)
}

func TestHistoryOfAControllerThatKnowsOfNothing(t *testing.T) {
	address := (&controller{}).serve(t, "")
	require.Equal(t, run{0, "No failover or planned change is remembered.\n", ""}, command(t, "", "history", "--server", address))
}

func TestExplainOfAnInstanceNamesItsUnsafeSettings(t *testing.T) {
	status := healthy()
	status.Instances[2].Unreplicated = "runs with storage_mode=IN_MEMORY_ANALYTICAL"
	status.Instances[2].Warnings = []string{"storage_mode is IN_MEMORY_ANALYTICAL: run STORAGE MODE IN_MEMORY_TRANSACTIONAL"}
	text := circumstances(status, status.Instances[2])
	require.Contains(t, text, "What it writes reaches no replica: it runs with storage_mode=IN_MEMORY_ANALYTICAL.")
	require.Contains(t, text, "Unsafe setting: storage_mode is IN_MEMORY_ANALYTICAL: run STORAGE MODE IN_MEMORY_TRANSACTIONAL.")
}
