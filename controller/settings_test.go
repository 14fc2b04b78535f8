package controller

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

// The loop's clock is virtual: it passes exactly as long as the test says.
func (r running) passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r running) instance(name string) api.Instance {
	for _, i := range r.Status().Instances {
		if i.Name == name {
			return i
		}
	}
	return api.Instance{}
}

func TestUnsafeFlagsAreReadAndToldOncePerProcess(t *testing.T) {
	var log bytes.Buffer
	const warning = "storage_snapshot_on_exit is true: do something about it"
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		r.passes(5 * storageEvery)
		require.Equal(t, []string{warning}, r.instance("b").Warnings)
		require.Empty(t, r.instance("b").Unreplicated, "the rules cope with it")
		require.Empty(t, r.instance("a").Warnings)
		require.Equal(t, 1, strings.Count(log.String(), warning))
		require.Equal(t, 1, r.fleet.databases["b"].settingsRead)
		r.fleet.change("b", func(d *fakeDatabase) { d.process.ID = "another" })
		r.passes(storageEvery)
		require.Equal(t, 2, strings.Count(log.String(), warning))
	}, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Fleet.(*fleet).databases["b"].settings.Warnings = []string{warning}
	})
}

// A user of the database who may not see its flags keeps nobody from being trusted.
func TestFlagsThatCannotBeReadAreNoReasonToWait(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Main)
		r.until("another main", func(record topology.Record) bool { return record.Main == before.Voter })
	}, func(c *Config) {
		for _, d := range c.Fleet.(*fleet).databases {
			d.refuse["settings"] = errRefused
		}
	})
}

func TestStorageModeThatChangesAtRunTimeIsNoticedAndTold(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.passes(storageEvery)
		r.fleet.change(before.Main, func(d *fakeDatabase) { d.mode = "IN_MEMORY_ANALYTICAL" })
		r.passes(storageEvery + time.Second)
		record := r.store.current()
		require.Empty(t, record.Voter)
		require.NotNil(t, record.Members[before.Main].Unreplicated)
		require.Contains(t, r.instance(before.Main).Unreplicated, "runs with storage_mode=IN_MEMORY_ANALYTICAL")
		require.Len(t, r.instance(before.Main).Warnings, 1)
		told := 0
		for _, transition := range r.Status().Transitions {
			if transition.Kind == api.TransitionUnreplicated {
				require.Contains(t, transition.Text, before.Main)
				told++
			}
		}
		require.Equal(t, 1, told)

		r.fleet.change(before.Main, func(d *fakeDatabase) { d.mode = "IN_MEMORY_TRANSACTIONAL" })
		r.passes(storageEvery + time.Second)
		require.Empty(t, r.instance(before.Main).Warnings)
		require.Contains(t, r.instance(before.Main).Unreplicated, "was seen to run with storage_mode=IN_MEMORY_ANALYTICAL")
		r.fleet.kill(before.Main)
		r.passes(time.Minute)
		require.NotContains(t, r.fleet.called(), "promote "+before.Voter, "it lacks what was written meanwhile")
	})
}

func TestMainWithoutALogIsNoMainForWrites(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		r.passes(time.Minute)
		require.NotEqual(t, topology.GateOpen, r.store.current().Gate)
		require.Contains(t, r.Status().Routing.Decision.Reason, "correct the setting and restart a")
	}, func(c *Config) {
		for _, d := range c.Fleet.(*fleet).databases {
			d.settings = memgraph.Settings{Unreplicated: "storage_wal_enabled=false"}
		}
	})
}
