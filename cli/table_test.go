package cli

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// healthy is a cluster of three in which nothing is wrong.
func healthy() api.Status {
	instance := func(name, port, pid string, mode topology.Mode) api.Instance {
		return api.Instance{
			Name: name, Bolt: "127.0.0.1:" + port, Role: topology.RoleReplica, Health: topology.HealthUp, PID: pid,
			Answered: at().Add(-200 * time.Millisecond), Ready: true, Mode: mode, Status: topology.StatusReady,
			InReadPool: true, Clean: true, Sessions: map[string]int{"ro": 3},
		}
	}
	main := instance("memgraph-0", "7691", "4101", "")
	main.Role, main.Status, main.InReadPool, main.OutOfPool = topology.RoleMain, "", false, "it is the main"
	main.Sessions = map[string]int{"rw": 12}
	voter, other := instance("memgraph-1", "7692", "4102", topology.StrictSync), instance("memgraph-2", "7693", "4103", topology.Async)
	other.Behind = -4
	return api.Status{
		Version: "1.0.0", Cluster: "demo", Controller: "local", Leader: "local", Time: at(), Epoch: 7,
		Record: topology.Record{
			Format: topology.Format, Epoch: 7, Main: "memgraph-0", Voter: "memgraph-1", Gate: topology.GateOpen,
		},
		Instances: []api.Instance{main, voter, other},
		Gateways: []gateway.Status{
			{
				Name: "rw", Address: "127.0.0.1:7687", Running: true, Epoch: 7, Applied: 7, Flow: gateway.Open,
				Upstreams: []gateway.UpstreamStatus{{Address: "127.0.0.1:7691", Sessions: 12}}, Sessions: 12,
			},
			{
				Name: "ro", Address: "127.0.0.1:7688", Running: true, Epoch: 7, Applied: 7, Flow: gateway.Open,
				Upstreams: []gateway.UpstreamStatus{{Address: "127.0.0.1:7692", Sessions: 3}, {Address: "127.0.0.1:7693", Sessions: 3}},
				Sessions:  6,
			},
		},
		Routing: api.Routing{Decision: api.Decision{Step: "wait", Reason: "nothing is to be done", Since: at().Add(-90 * time.Second)}},
		Transitions: []api.Transition{
			{Time: at().Add(-92 * time.Second), Text: "memgraph-1 is the voter"},
			{Time: at().Add(-90 * time.Second), Text: "memgraph-2 is ready"},
		},
	}
}

// failingOver is the same cluster a moment after its main was lost.
func failingOver() api.Status {
	status := healthy()
	status.Leader = ""
	status.Epoch, status.Record.Epoch = 8, 8
	status.Record.Main, status.Record.Heir, status.Record.Voter = "", "memgraph-1", ""
	status.Record.Gate, status.Record.Plan = topology.GateClosed, topology.PlanFailover
	lost, heir, third := &status.Instances[0], &status.Instances[1], &status.Instances[2]
	lost.Ready, lost.Health, lost.Answered = false, topology.HealthSilent, at().Add(-2300*time.Millisecond)
	lost.Sessions, lost.Clean = nil, false
	heir.Ready, heir.Status, heir.Role, heir.Lag = false, topology.StatusInvalid, topology.RoleMain, api.Duration(1500*time.Millisecond)
	third.Ready, third.Health, third.Answered, third.PID = false, topology.HealthDead, time.Time{}, ""
	third.InReadPool, third.OutOfPool = false, "it does not answer"
	third.Quarantined = &topology.Quarantine{Reason: "diverged\x1b[2J\nfrom epoch 6", Since: at()}
	third.Refused, third.Terminating = true, true
	rw, ro := &status.Gateways[0], &status.Gateways[1]
	rw.Epoch, rw.Flow, rw.Upstreams, rw.Sessions, rw.Held, rw.Busy = 8, gateway.Closed, nil, 0, 17, 2
	ro.ChecksLogins, ro.Counters.Logins = true, map[gateway.Login]uint64{gateway.LoginRefused: 3, gateway.LoginAccepted: 40}
	ro.Running, ro.Upstreams = false, []gateway.UpstreamStatus{{Address: "10.9.9.9:7687"}}
	status.Routing.Decision = api.Decision{Step: "promote memgraph-1", Reason: "every gateway has closed"}
	status.Paused = &topology.Pause{Until: at().Add(10 * time.Minute), By: "ada"}
	status.Transitions = nil
	return status
}

var update = flag.Bool("update", false, "write the golden files anew")

func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the test with -update when the change is meant")
}

func TestTableLooksAsItShould(t *testing.T) {
	requireGolden(t, "healthy.txt", Table{}.Draw(healthy()))
	requireGolden(t, "failover.txt", Table{}.Draw(failingOver()))
	requireGolden(t, "narrow.txt", Table{Width: 60}.Draw(failingOver()))
	requireGolden(t, "empty.txt", Table{}.Draw(api.Status{}))
}

func TestWhatAPersonShouldDoIsWrappedAndNeverCut(t *testing.T) {
	status := healthy()
	status.Routing.Decision.Reason = "the main and its voter are both gone: bring one back, or accept a loss with failover --force --to memgraph-2"
	drawn := Table{Width: 40}.Draw(status)
	require.Contains(t, strings.Join(strings.Fields(drawn), " "), "now: wait: "+status.Routing.Decision.Reason)
}

func TestColourChangesNothingButTheColours(t *testing.T) {
	codes := regexp.MustCompile("\x1b\\[[0-9]+m")
	for _, width := range []int{0, 50, 80, 200} {
		for _, status := range []api.Status{healthy(), failingOver()} {
			coloured := Table{Width: width, Colour: true}.Draw(status)
			require.NotEqual(t, Table{Width: width}.Draw(status), coloured)
			require.Equal(t, Table{Width: width}.Draw(status), codes.ReplaceAllString(coloured, ""))
		}
	}
}

func TestTableWithoutColourHasNoEscapeCodesWhateverTheNamesAre(t *testing.T) {
	require.NotContains(t, Table{}.Draw(failingOver()), "\x1b")
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	for width := 1; width < 130; width++ {
		for line := range strings.Lines(Table{Width: width}.Draw(failingOver())) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width)
		}
	}
}

func TestShortLengthsOfTime(t *testing.T) {
	cases := map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 1234 * time.Microsecond: "1ms", 310 * time.Millisecond: "310ms",
		1234567 * time.Microsecond: "1.23s", 61*time.Second + 400*time.Millisecond: "1m1s",
	}
	for d, want := range cases {
		require.Equal(t, want, short(d))
	}
}
