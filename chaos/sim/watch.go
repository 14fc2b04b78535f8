package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/e2e/workload"
)

// lookEvery is how often a condition is looked at.
const lookEvery = 50 * time.Millisecond

// Status is what the controller that leads says of the cluster; while nobody leads,
// what another one says. ok is false while there is none.
func (c *Cluster) Status() (status api.Status, ok bool) {
	synctest.Wait()
	if p := c.leader(); p != nil {
		return p.Status(), true
	}
	return api.Status{}, false
}

// API is the leading controller as a person uses it.
func (c *Cluster) API() api.Backend {
	p := c.leader()
	require.NotNil(c.t, p, "no controller runs")
	return p
}

// Until lets virtual time pass until the status is as wanted, and returns it.
func (c *Cluster) Until(what string, within time.Duration, wanted func(api.Status) bool) (last api.Status) {
	c.Eventually(what, within, func() bool {
		status, ok := c.Status()
		last = status
		return ok && wanted(status)
	})
	return last
}

// Eventually lets virtual time pass until a condition holds.
func (c *Cluster) Eventually(what string, within time.Duration, holds func() bool) {
	for end := time.Now().Add(within); !holds(); time.Sleep(lookEvery) {
		if time.Now().After(end) {
			status, _ := c.Status()
			require.Fail(c.t, "not within "+within.String()+": "+what, Describe(status))
		}
	}
}

// Whole lets virtual time pass until the cluster has healed: an open gate with a
// main and a voter, every gateway following, all instances registered, in sync and
// with clean histories, nobody quarantined, and all replicas serving reads.
func (c *Cluster) Whole(within time.Duration) api.Status {
	return c.Until("the cluster is whole", within, c.whole)
}

func (c *Cluster) whole(s api.Status) bool {
	r := s.Record
	if r.Gate != topology.GateOpen || r.Main == "" || r.Voter == "" || len(s.Instances) != len(c.instances) {
		return false
	}
	for _, p := range c.running() {
		if g := p.Status().Gateways[0]; g.Applied != r.Epoch || g.Silenced {
			return false
		}
	}
	for _, i := range s.Instances {
		inStep := i.InReadPool && (i.Status == topology.StatusReady || i.Status == topology.StatusReplicating)
		if i.Health != topology.HealthUp || !i.Clean || i.Quarantined != nil || i.Name != r.Main && !inStep {
			return false
		}
	}
	return true
}

// Synced lets virtual time pass until every replica has everything. Nobody may
// write meanwhile.
func (c *Cluster) Synced(within time.Duration) api.Status {
	begun := time.Now()
	return c.Until("the cluster is whole and all replicas have everything", within, func(s api.Status) bool {
		behind := slices.ContainsFunc(s.Instances, func(i api.Instance) bool {
			if i.Name == s.Record.Main {
				return !i.Answered.After(begun) // what it said of the others before does not count
			}
			return i.Status != topology.StatusReady || i.Behind != 0
		})
		return !behind && c.whole(s)
	})
}

// Describe puts a status in a few lines.
func Describe(s api.Status) string {
	r := s.Record
	text := fmt.Sprintf("epoch %d main %q voter %q heir %q from %q gate %s plan %s: %s", s.Epoch, r.Main, r.Voter, r.Heir, r.From,
		r.Gate, r.Plan, s.Routing.Decision.Reason)
	for _, i := range s.Instances {
		text += fmt.Sprintf("\n  %s %s %s %s %s behind %d clean %v quarantined %v", i.Name, i.Health, i.Role, i.Mode, i.Status, i.Behind, i.Clean, i.Quarantined)
	}
	for _, t := range s.Transitions {
		text += fmt.Sprintf("\n  %s %s", t.Time.Format("15:04:05.000"), t.Text)
	}
	return text
}

// askWithin bounds a question to one instance.
const askWithin = 5 * time.Second

// Ask runs a query on an instance itself, past the gateways.
func (c *Cluster) Ask(name, query string) ([]map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	client, err := boltclient.Connect(ctx, c.network.Dial, c.instance(name).bolt())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.Query(ctx, query, nil)
}

// IDs are the ids of all writes that an instance holds, sorted.
func (c *Cluster) IDs(name string) []int64 {
	rows, err := c.Ask(name, "MATCH (n:W) RETURN n.id AS id ORDER BY id")
	require.NoError(c.t, err, "the ids of %s", name)
	ids := make([]int64, len(rows))
	for n, row := range rows {
		ids[n] = row["id"].(int64)
	}
	return ids
}

// Mains names the running instances that say they are main.
func (c *Cluster) Mains() (mains []string) {
	for _, name := range c.Names() {
		if rows, err := c.Ask(name, "SHOW REPLICATION ROLE"); err == nil && strings.EqualFold(rows[0]["replication role"].(string), "main") {
			mains = append(mains, name)
		}
	}
	return mains
}

// syncedWithin is longer than TCP waits until it sends again what did not get through
// a cut of half a minute.
const syncedWithin = time.Minute

// RequireNothingLost compares what every instance holds with what the clients
// saw: each acknowledged write is there once, nothing was invented, and all
// instances are equal. The load has to be stopped.
func (c *Cluster) RequireNothingLost(history workload.History) { c.RequireLost(history, 0) }

// RequireLost is RequireNothingLost where a person has accepted the loss of some
// writes.
func (c *Cluster) RequireLost(history workload.History, atMost int) {
	// What an aborted commit left shown as replicating is seen as it is with the next.
	// There may be no main at this moment: whom a majority has not seen for long enough
	// is replaced, although a cut has just been healed (schedule 1246).
	c.Eventually("a write to the main", syncedWithin, func() bool {
		main := c.Record().Main
		if main == "" {
			return false
		}
		_, err := c.Ask(main, "CREATE (:Next)")
		return err == nil
	})
	status := c.Synced(syncedWithin)
	want := c.IDs(status.Record.Main)
	for n, w := range history.Writes {
		if _, there := slices.BinarySearch(want, w.ID); !there && w.Outcome == workload.Acknowledged && atMost > 0 {
			history.Writes[n].Outcome = workload.Unknown
			atMost--
		}
	}
	for _, name := range c.Names() {
		ids := c.IDs(name)
		require.NoError(c.t, history.Check(ids), "%s\n%s", name, Describe(status))
		require.Equal(c.t, want, ids, "%s and main %s differ", name, status.Record.Main)
	}
}
