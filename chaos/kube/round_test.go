package kube

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

func TestTheVerdictHoldsARoundToItsPromises(t *testing.T) {
	moved := []figures.Failover{{Kind: "failover"}}
	for name, c := range map[string]struct {
		outcome Outcome
		round   figures.Round
		lost    []workload.Write
		want    string
	}{
		"all is well":           {Failover, figures.Round{Failovers: moved, WriteGap: 1}, nil, ""},
		"nothing has to move":   {Stay, figures.Round{WriteGap: 1}, nil, ""},
		"either":                {Either, figures.Round{Failovers: moved}, nil, ""},
		"a lost write":          {Failover, figures.Round{Failovers: moved}, []workload.Write{{ID: 7}}, "acknowledged writes are lost"},
		"too many unknown":      {Failover, figures.Round{Failovers: moved, Unknown: 9, Bound: 8}, nil, "more than the 8 commits in flight"},
		"too slow":              {Failover, figures.Round{Failovers: moved, WriteGap: 5.1}, nil, "without an acknowledged write"},
		"no failover":           {Failover, figures.Round{}, nil, "nobody else became the main"},
		"the old main has more": {Failover, figures.Round{Returned: true}, nil, ""},
		"a false failover":      {Stay, figures.Round{Failovers: moved}, nil, "false failover"},
	} {
		t.Run(name, func(t *testing.T) {
			err := verdict(Case{Fault: fault.Change{Title: "x"}, Outcome: c.outcome, Gap: 5 * time.Second}, &c.round, c.lost)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAStoryIsInTheOrderOfTime(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	lines := stamped("memgraph-0", "2026-01-02T03:04:06.5Z level=WARN msg=late\nno time\n")
	lines = append(lines, told(workload.History{Writes: []workload.Write{{
		Client: "go", ID: 3, Start: at, End: at.Add(time.Second), Outcome: workload.Unknown, Err: "cut",
	}}}, at)...)
	require.Regexp(t, `(?s)03:04:05.000  clients .*03:04:06.000  go .*write 3.*unknown: cut\n03:04:06.500  memgraph-0 .*level=WARN`, inOrder(lines))
}

func TestOnlyMovesOfTheMainAreFailovers(t *testing.T) {
	change := func(kind api.FailoverKind, to string, result api.Result) api.Failover {
		return api.Failover{Kind: kind, From: "a", To: to, Result: result, SessionsCut: 1}
	}
	var r figures.Round
	count(&r, []api.Failover{
		change(api.KindFailover, "b", api.ResultCompleted), change(api.KindHandover, "c", api.ResultCompleted),
		change(api.KindSwitchover, "b", api.ResultReverted), change(api.KindFailover, "b", api.ResultSuperseded),
		change(api.KindRefresh, "a", api.ResultCompleted), change(api.KindFailover, "", api.ResultRunning),
	})
	require.Len(t, r.Failovers, 2)
	require.Equal(t, 6, r.SessionsCut)
	require.False(t, r.Returned, "a new epoch is no return")
	count(&r, []api.Failover{change(api.KindFailover, "a", api.ResultCompleted)})
	require.True(t, r.Returned)
}

func TestARoundThatMissedItsMomentIsBegunAgain(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		ends []error
		want error
	}{
		"it hits":          {[]error{nil}, nil},
		"it hits at last":  {[]error{fault.ErrMissed, fault.ErrMissed, nil}, nil},
		"it never does":    {[]error{fault.ErrMissed, fault.ErrMissed, fault.ErrMissed}, fault.ErrMissed},
		"it fails":         {[]error{broken}, broken},
		"it fails at last": {[]error{fault.ErrMissed, broken}, broken},
		"it does not heal": {[]error{errors.Join(fault.ErrMissed, errBroken)}, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			begun := 0
			_, err := hit(func() (figures.Round, error) { begun++; return figures.Round{}, c.ends[begun-1] })
			require.ErrorIs(t, err, c.want)
			require.Len(t, c.ends, begun)
		})
	}
}
