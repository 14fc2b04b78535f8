package sim_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
	product "memgraph-controller/controller" // controller is a part
)

// What docs/reference.md shows of the presets, between two marks, and the measurement that
// it is made from.
const (
	sensitivityPage = root + "/docs/reference.md"
	sensitivityFrom = "<!-- sensitivity: begin -->\n"
	sensitivityTo   = "<!-- sensitivity: end -->\n"
	sensitivityPlot = root + "/docs/sensitivity.svg"
	sensitivityData = root + "/docs/sensitivity.json"
)

// sensitivity is how one preset judges a main that is frozen for a while.
type sensitivity struct {
	Preset    string
	Detection product.Detection
	// Noticed is the time from the freeze of a main that stays frozen to the record
	// that says so: sorted.
	Noticed []time.Duration
	// Stalls are freezes that end.
	Stalls []frozenFor
}

// frozenFor is freezes of the same length.
type frozenFor struct {
	Length          time.Duration
	Times, Replaced int
}

// measuredTimes is how often each is measured, the times of the freezes by chance.
const measuredTimes = 20

// stallLengths are the lengths of freezes around which the presets differ.
func stallLengths() (lengths []time.Duration) {
	const step = 250 * time.Millisecond
	for length := time.Second; length <= 3500*time.Millisecond; length += step {
		lengths = append(lengths, length)
	}
	for length := 7 * time.Second; length <= 9*time.Second; length += step {
		lengths = append(lengths, length)
	}
	return lengths
}

func presets() []sensitivity {
	return []sensitivity{
		{Preset: "fast", Detection: product.FastDetection()},
		{Preset: "balanced", Detection: product.BalancedDetection()},
		{Preset: "patient", Detection: product.PatientDetection()},
	}
}

// The page shows what was measured with the presets as they are. UPDATE=1 measures and
// writes it anew, in two minutes on a quiet machine.
func TestSensitivityPageIsOfThesePresets(t *testing.T) {
	measured := presets()
	if os.Getenv("UPDATE") != "" {
		for n := range measured {
			measured[n].measure(t)
		}
		data, err := json.MarshalIndent(measured, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(sensitivityData, append(data, '\n'), 0o644))
		require.NoError(t, os.WriteFile(sensitivityPage, []byte(withSensitivity(t, read(t, sensitivityPage), measured)), 0o644))
		require.NoError(t, os.WriteFile(sensitivityPlot, []byte(sensitivitySVG(measured)), 0o644))
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, sensitivityData)), &measured))
	for n, preset := range presets() {
		require.Equal(t, preset.Detection, measured[n].Detection, "preset %s has changed: run `UPDATE=1 go test -run SensitivityPage ./chaos/sim`", preset.Preset)
	}
	page := read(t, sensitivityPage)
	require.Equal(t, withSensitivity(t, page, measured), page)
	require.Equal(t, sensitivitySVG(measured), read(t, sensitivityPlot))
}

// withSensitivity is the page with what was measured in its place.
func withSensitivity(t *testing.T, page string, measured []sensitivity) string {
	t.Helper()
	return withPart(t, page, sensitivityFrom, sensitivityTo, sensitivityText(measured))
}

// withPart is a page with another text between two of its lines.
func withPart(t *testing.T, page, from, to, text string) string {
	t.Helper()
	head, rest, found := strings.Cut(page, from)
	require.True(t, found, "the page has no line %s", from)
	_, tail, found := strings.Cut(rest, to)
	require.True(t, found, "the page has no line %s", to)
	return head + from + text + to + tail
}

// measure freezes the main of one cluster again and again.
func (m *sensitivity) measure(t *testing.T) {
	run(t, sim.Options{Seed: 1, Controllers: 3, Detection: m.Detection}, func(t *testing.T, c *sim.Cluster) {
		for range measuredTimes {
			noticed, replaced := freezeMain(t, c, time.Minute)
			require.True(t, replaced)
			m.Noticed = append(m.Noticed, noticed)
		}
		slices.Sort(m.Noticed)
		for _, length := range stallLengths() {
			s := frozenFor{Length: length, Times: measuredTimes}
			for range measuredTimes {
				if _, replaced := freezeMain(t, c, length); replaced {
					s.Replaced++
				}
			}
			m.Stalls = append(m.Stalls, s)
		}
	})
}

// freezeMain freezes the main of a cluster that is whole until somebody notices, or for
// at most a time, and tells whether another took its place.
func freezeMain(t *testing.T, c *sim.Cluster, atMost time.Duration) (noticed time.Duration, replaced bool) {
	c.Whole(healsWithin)
	time.Sleep(time.Until(c.Record().Since.Add(settledAfter)) + c.Chance(time.Second))
	main, begun := c.Record().Main, time.Now()
	c.Freeze(main)
	for !replaced && time.Since(begun) < atMost {
		time.Sleep(5 * time.Millisecond)
		replaced = c.Record().Main != main
	}
	noticed = time.Since(begun)
	c.Afflict(main, standin.FaultSet{})
	time.Sleep(calmFor)
	return noticed, replaced || c.Record().Main != main
}

// settledAfter is when the controllers have calmed down since the last change, so that
// they ask as seldom as they do most of the time.
const settledAfter = 7 * time.Second
