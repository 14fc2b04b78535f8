package explore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// anything are the faults of one instance, link, gateway or leader.
var anything = []kind{kills, freezes, linkBreaks, hides, cutsOff, leaderChanges}

// most is the number of states after which an exploration gives up.
const most = 30_000_000

// Every order of events is tried: how many faults, writes and gateways make up a model
// bounds it, its depth is what it takes. EXPLORE=deep tries the larger ones too.
func TestNoOrderOfEventsBreaksAnything(t *testing.T) {
	for _, c := range []struct {
		name  string
		deep  bool
		model *model
	}{
		{"one fault, two writes", false, newModel(1, 2, 1, append(anything, asks)...)},
		{"one fault, two gateways", false, newModel(2, 1, 1, append(anything, terminates)...)},
		{"two deaths, a lost disk, or a person", false, newModel(1, 1, 2, kills, startsEmpty, asks)},
		{"two faults", true, newModel(1, 1, 2, anything...)},
		{"two faults and two gateways", true, newModel(2, 1, 2, kills, freezes, hides, cutsOff)},
		{"two faults and restarts that may be slow", true, slowStarts(newModel(1, 1, 2, kills, freezes, linkBreaks, hides))},
		{"two deaths, a lost disk, a person, or another leader", true, newModel(1, 1, 2, kills, leaderChanges, asks, startsEmpty)},
		{"an end in order and a fault", true, newModel(1, 1, 2, kills, freezes, terminates)},
		{"two deaths and two writes", true, newModel(1, 2, 2, kills)},
		{"three deaths", true, newModel(1, 1, 3, kills)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.deep && os.Getenv("EXPLORE") != "deep" {
				t.Skip("EXPLORE=deep tries it")
			}
			if testing.Short() && c.model.budget > 1 {
				t.Skip("it takes too long for -short")
			}
			begin := time.Now()
			r := c.model.explore(most)
			t.Logf("%s in %s", r, time.Since(begin).Round(time.Millisecond))
			require.Empty(t, r.broken, strings.Join(r.timeline, "\n"))
			require.True(t, r.complete, "there are more than %d states", most)
		})
	}
}

// slowStarts: no start is known to be fast, so nothing is cured by one.
func slowStarts(m *model) *model {
	m.recovery = 0
	return m
}

// The exploration is worth what it finds: leaders, gateways and a store that are wrong
// in one way. Where no check of single steps is made, it is the loss that is found.
func TestEveryFlawIsFound(t *testing.T) {
	const lost = "lacks an acknowledged write"
	for name, c := range map[string]struct {
		flaw   flaw
		model  *model
		broken string
	}{
		"the leader does not wait for the gateways":                       {flaw{sees: withoutWaiting, unchecked: true}, newModel(1, 1, 1, hides), lost},
		"the leader promotes beside a main that answers":                  {flaw{sees: withoutOtherMains}, newModel(1, 1, 1, hides), "promotion of b while a answers as main"},
		"the leader trusts a voter that restarted":                        {flaw{sees: withTrust, unchecked: true}, newModel(1, 1, 2, kills), lost},
		"the main drops the voter before the record does":                 {flaw{does: dropFirst, unchecked: true}, newModel(1, 1, 1, terminates), lost},
		"the leader skips the marker transaction":                         {flaw{sees: withMarks}, newModel(1, 0, 1, kills), "without a transaction in its database epoch"},
		"a refresh begins before clients are paused":                      {flaw{does: crownAtOnce}, newModel(1, 1, 2, kills), "planned promotion of a leaves b refused"},
		"a refresh leaves a busy session alone":                           {flaw{leavesBusy: true}, newModel(1, 1, 2, kills), lost},
		"a gateway that is out of touch goes on":                          {flaw{neverSilent: true, unchecked: true}, newModel(1, 1, 2, hides, cutsOff), lost},
		"a step of the leader before comes after the next one has looked": {flaw{lateStatements: true}, newModel(1, 1, 2, kills, leaderChanges), "a has 2 voters"},
		"a new leader acts before it has written the record":              {flaw{neverWrites: true}, newModel(1, 1, 2, kills, leaderChanges), ""},
		"the record is saved without a comparison":                        {flaw{blindSaves: true}, newModel(1, 1, 2, kills, leaderChanges), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && c.model.budget > 1 {
				t.Skip("it takes too long for -short")
			}
			c.model.flaw = c.flaw
			r := c.model.explore(most)
			t.Logf("%s\n%s\n%s", r.broken, r, strings.Join(r.timeline, "\n"))
			require.NotEmpty(t, r.broken)
			require.Contains(t, r.broken, c.broken)
		})
	}
}
