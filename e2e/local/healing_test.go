package local

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
)

// The voter restarted and took writes, and before its history could be made
// clean the main dies: the voter is promoted all the same, and refuses the
// others until it is cured.
func TestUncleanVoterIsPromotedAndCured(t *testing.T) {
	n := rounds(t, 5, 1)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	for range n {
		status := c.Whole()
		main, voter, third := main(status), voter(status), third(status)
		c.Signal(third, syscall.SIGSTOP) // nobody refreshes the epoch while somebody is missing
		c.Signal(voter, syscall.SIGKILL)
		c.Until("the voter is back and not clean", 10*time.Second, func(s api.Status) bool {
			i := instance(s, voter)
			return i.Status == "ready" && !i.Clean && i.Health == "up" && s.Record.Members[voter].Voted == i.Process
		})
		acknowledged(t, c, load, 20)
		killed := time.Now()
		c.Signal(third, syscall.SIGCONT)
		c.Signal(main, syscall.SIGKILL)
		s := c.Until("another main", 20*time.Second, func(s api.Status) bool { return s.Record.Main != "" && s.Record.Main != main })
		require.Equal(t, voter, s.Record.Main)
		acknowledged(t, c, load, 20)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(killed, time.Now()))
		c.Whole()
	}
	nothingLost(t, c, load)
	measured.Report(t)
	require.LessOrEqual(t, measured["write gap"].Max(), 3*time.Second)
	require.NotContains(t, c.tail(1<<30), "quarantined", "a restart of the new main cures it; nobody has to be reseeded")
}

func instance(s api.Status, name string) api.Instance {
	for _, i := range s.Instances {
		if i.Name == name {
			return i
		}
	}
	return api.Instance{}
}

// Somebody made a replica a main by hand and wrote to it: its data are set
// aside, not deleted, and it comes back as a replica.
func TestDivergedInstanceIsQuarantinedAndReseeded(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	load := work(t, c)
	status := c.Whole()
	astray := third(status)
	ctx := context.Background()
	_, err := c.API.Pause(ctx, api.PauseRequest{For: api.Period(time.Minute), By: "test"})
	require.NoError(t, err)
	require.NoError(t, query(ctx, c.Bolt(astray), "SET REPLICATION ROLE TO MAIN"))
	require.NoError(t, query(ctx, c.Bolt(astray), "CREATE (:W {id: -1})"))
	_, err = c.API.Pause(ctx, api.PauseRequest{By: "test"})
	require.NoError(t, err)
	c.Until("it is quarantined", 10*time.Second, func(s api.Status) bool { return instance(s, astray).Quarantined != nil })
	require.Equal(t, main(status), main(c.Whole()))
	nothingLost(t, c, load) // and -1 is nowhere
	kept, err := filepath.Glob(filepath.Join(c.dir, "data", astray, "quarantine", "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, kept, "the data that were set aside")
}

// The whole program is killed, with everything under it, and started again.
func TestEverythingDiesAndReturns(t *testing.T) {
	n := rounds(t, 5, 1)
	c := Start(t, programs)
	load := work(t, c)
	for range n {
		acknowledged(t, c, load, 50)
		c.Crash()
		c.Run()
		c.Whole()
	}
	everywhere(t, c, load.Stop())
}

func TestDataSurviveAStopOfTheProgram(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	load := work(t, c)
	history := load.Stop()
	before := c.Whole()
	c.Stop()
	c.Run()
	after := c.Whole()
	require.Equal(t, before.Record.Database, after.Record.Database)
	require.Greater(t, after.Epoch, before.Epoch)
	everywhere(t, c, history)
}
