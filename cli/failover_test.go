package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/docs/check"
)

func TestFailoverSaysWhatIsLostAndAsksBeforeItDoesAnything(t *testing.T) {
	const (
		nothing = "Nothing is lost: memgraph-1 holds every acknowledged write.\n"
		behind4 = "memgraph-2 is not the voter: acknowledged writes that it has not received are LOST for ever. " +
			"The main last saw it 4 of the database's timestamps behind.\n"
		ask1, ask2 = "Make memgraph-1 the main? [y/N] ", "Make memgraph-2 the main? [y/N] "
		taken      = "taken down as r1\n"
	)
	line := check.ScriptOf(t, "..").Line("kubectl -n N exec -it deploy/R-controller --", map[string]string{"N": "n", "R": "r", "INSTANCE": "memgraph-2"})
	_, words, _ := strings.Cut(line, " /memgraph-controller failover ")
	ofThePage := strings.Fields(words)
	cases := map[string]struct {
		answer string
		args   []string
		want   run
		asked  []any
	}{
		"the voter, yes": {
			"y\n", nil, run{0, nothing + ask1 + taken, ""},
			[]any{api.FailoverRequest{Target: "memgraph-1", By: "ada@desk"}},
		},
		"the voter, no": {
			"n\n", nil, run{exitRefused, nothing + ask1, "memgraph-controller: nothing was done\n"}, nil,
		},
		"the voter, just return": {
			"\n", nil, run{exitRefused, nothing + ask1, "memgraph-controller: nothing was done\n"}, nil,
		},
		"forced, not asked": {
			"", []string{"--force", "--yes"}, run{0, nothing + taken, ""},
			[]any{api.FailoverRequest{Target: "memgraph-1", Force: true, By: "ada@desk"}},
		},
		"no terminal": {
			"", nil, run{exitUsage, nothing, "memgraph-controller: there is no terminal to ask \"Make memgraph-1 the main?\" on; " +
				"confirm with --yes\nRun with --help to see what there is.\n"}, nil,
		},
		"another, not forced": {
			"y\n", []string{"--to", "memgraph-2"}, run{exitRefused, behind4,
				"memgraph-controller: memgraph-2 may lack acknowledged writes: add --force to lose them\n"}, nil,
		},
		"another, forced": {
			"yes\n", ofThePage, run{0, behind4 + ask2 + taken, ""},
			[]any{api.FailoverRequest{Target: "memgraph-2", Force: true, AcceptLoss: true, By: "ada@desk"}},
		},
		"nobody of that name": {
			"y\n", []string{"--to", "memgraph-9", "--force"}, run{exitUsage, "",
				"memgraph-controller: there is no instance \"memgraph-9\"; there are [memgraph-0 memgraph-1 memgraph-2]\n" +
					"Run with --help to see what there is.\n"}, nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fake := &controller{status: healthy()}
			args := append([]string{"failover", "--no-wait", "--server", fake.serve(t, "")}, c.args...)
			require.Equal(t, c.want, command(t, c.answer, args...))
			require.Equal(t, c.asked, fake.asked)
		})
	}
}

func TestFailoverWithoutAVoterWantsAName(t *testing.T) {
	fake := &controller{status: healthy()}
	fake.status.Record.Voter = ""
	got := command(t, "y\n", "failover", "--force", "--server", fake.serve(t, ""))
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "name one with --to")
	require.Empty(t, fake.asked)
}

func TestLossOfAnInstanceThatNobodyKnowsAnythingOf(t *testing.T) {
	require.Contains(t, possibleLoss(api.Instance{Name: "a"}, ""), "nobody knows how many these are")
	require.Contains(t, possibleLoss(api.Instance{Name: "a", Mode: "async"}, ""), "last called it in sync")
}

// What such a main says of its replicas is no measure of what would be lost.
func TestLossThatTheMainDoesNotKnowOf(t *testing.T) {
	fake := &controller{status: healthy()}
	fake.status.Record.Voter = ""
	fake.status.Instances[0].Unreplicated = "runs with storage_mode=IN_MEMORY_ANALYTICAL"
	fake.status.Instances[2].Behind = 0
	got := command(t, "n\n", "failover", "--force", "--to", "memgraph-2", "--server", fake.serve(t, ""))
	require.Contains(t, got.out, "Main memgraph-0 runs with storage_mode=IN_MEMORY_ANALYTICAL. What it wrote meanwhile is on no replica, whatever it says of them.")
	require.NotContains(t, got.out, "in sync")
	require.Empty(t, fake.asked)
}
