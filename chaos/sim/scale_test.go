package sim_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/topology"
)

// What docs/scale.md shows of the simulation, between two marks, and the measurement.
const (
	scalePage = root + "/docs/scale.md"
	scaleData = root + "/docs/scale.json"
	scaleFrom = "<!-- simulated: make scale -->\n"
	scaleTo   = "<!-- end of simulated -->\n"
)

// scale is what a cluster of a size costs and how fast it reacts.
type scale struct {
	Instances, Controllers int
	// Idle is what is sent while nothing happens, in idleFor.
	Idle sim.Traffic
	// Record is the size of the record, in bytes: each change is sent to each
	// controller.
	Record int
	// Killed, Frozen and Asked are the longest times without an acknowledged write
	// around the loss of the main and around a switchover, sorted.
	Killed, Frozen, Asked []time.Duration
	// Failover is the requests to the API server from a kill of the main until the
	// cluster is whole, the most of all.
	Failover int64
}

// sizes are those that are measured: more instances, and more controllers.
func sizes() []scale {
	return []scale{
		{Instances: 3, Controllers: 2}, {Instances: 3, Controllers: 3}, {Instances: 3, Controllers: 5},
		{Instances: 5, Controllers: 3}, {Instances: 9, Controllers: 3}, {Instances: 15, Controllers: 3}, {Instances: 15, Controllers: 5},
	}
}

const (
	// idleFor is how long an idle cluster is listened to.
	idleFor = 10 * time.Second
	// scaleTimes is how often each loss is measured.
	scaleTimes = 5
)

// The page shows what was measured of these sizes. UPDATE=1 measures and writes it anew.
func TestScalePageIsOfTheseSizes(t *testing.T) {
	measured := sizes()
	if os.Getenv("UPDATE") != "" {
		for n := range measured {
			measured[n].measure(t)
		}
		data, err := json.MarshalIndent(measured, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(scaleData, append(data, '\n'), 0o644))
		require.NoError(t, os.WriteFile(scalePage, []byte(withScale(t, read(t, scalePage), measured)), 0o644))
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, scaleData)), &measured))
	require.Len(t, measured, len(sizes()))
	page := read(t, scalePage)
	require.Equal(t, withScale(t, page, measured), page)
}

// A cluster of fifteen is as fast as one of three: nothing that is waited for grows with
// the number of instances, but for the registrations at a new main.
func TestFifteenInstancesFailOverAsFastAsThree(t *testing.T) {
	small, large := scale{Instances: 3, Controllers: 3}, scale{Instances: 15, Controllers: 3}
	small.measureOnce(t, 1)
	large.measureOnce(t, 1)
	require.Less(t, large.Killed[0], small.Killed[0]+12*registration)
}

// registration is how long a REGISTER of a replica takes with the looks around it.
const registration = 25 * time.Millisecond

func (m *scale) measure(t *testing.T) {
	for seed := range uint64(scaleTimes) {
		m.measureOnce(t, seed)
	}
	for _, gaps := range [][]time.Duration{m.Killed, m.Frozen, m.Asked} {
		slices.Sort(gaps)
	}
}

// measureOnce measures one cluster. All times are virtual.
func (m *scale) measureOnce(t *testing.T, seed uint64) {
	options := sim.Options{Seed: seed, Instances: m.Instances, Controllers: m.Controllers}
	run(t, options, func(t *testing.T, c *sim.Cluster) {
		c.Whole(healsWithin)
		time.Sleep(settledAfter)
		before := c.Traffic()
		time.Sleep(idleFor)
		m.Idle = c.Traffic().Since(before)
		record, err := topology.Encode(c.Record())
		require.NoError(t, err)
		m.Record = len(record)
		load := c.Load(writers, writeEvery)
		gap := func(lose func(main string)) time.Duration {
			c.Whole(healsWithin)
			time.Sleep(settledAfter)
			begun := time.Now()
			lose(c.Record().Main)
			time.Sleep(long)
			c.Whole(healsWithin)
			return load.History().Gap(begun, time.Now())
		}
		m.Killed = append(m.Killed, gap(func(main string) {
			before = c.Traffic()
			c.Crash(main)
		}))
		m.Failover = max(m.Failover, c.Traffic().Since(before).API)
		m.Frozen = append(m.Frozen, gap(func(main string) {
			c.Freeze(main)
			time.Sleep(long)
			c.Afflict(main, standin.FaultSet{})
		}))
		m.Asked = append(m.Asked, gap(func(string) { c.AskForSwitchover("") }))
		c.Whole(healsWithin)
		c.RequireNothingLost(load.Stop())
	})
}

// withScale is the page with the table in its place.
func withScale(t *testing.T, page string, measured []scale) string {
	t.Helper()
	return withPart(t, page, scaleFrom, scaleTo, scaleTable(measured))
}

func scaleTable(measured []scale) string {
	var out strings.Builder
	out.WriteString(`
| instances | controllers | main killed: gap | main frozen: gap | switchover: pause | statements per second and instance | questions between controllers per second | requests per second at the API server | requests in a failover | record |
|---|---|---|---|---|---|---|---|---|---|
`)
	for _, m := range measured {
		perSecond := func(n int64) float64 { return float64(n) / idleFor.Seconds() }
		middle := scaleTimes / 2
		fmt.Fprintf(&out, "| %d | %d | %s | %s | %s | %.1f | %.1f | %.1f | %d | %d bytes |\n", m.Instances, m.Controllers,
			seconds(m.Killed[middle]), seconds(m.Frozen[middle]), seconds(m.Asked[middle]),
			perSecond(m.Idle.Statements)/float64(m.Instances), perSecond(m.Idle.Peers), perSecond(m.Idle.API), m.Failover, m.Record)
	}
	return out.String() + "\n"
}
