package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/chaos/sim"
	"memgraph-controller/e2e/workload"
)

// A load of registers whose clients meet each other, and every fault that lasts.
const (
	registerClients = 3
	registerKeys    = 3
	registerEvery   = 100 * time.Millisecond
)

// withRegisters runs a test under a load of registers that has got some of each kind
// of operation through, so dense that whatever is lost there is something lost of it.
func withRegisters(t *testing.T, test func(s *scene, registers *sim.Registers)) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		registers := s.Registers(registerClients, registerKeys, registerEvery/10)
		time.Sleep(time.Second)
		test(s, registers)
	})
}

// requireViolation requires that a history is found to be wrong, and shows how.
func requireViolation(t *testing.T, text string, seen []history.Operation) {
	err := history.CheckRegisters(seen, time.Minute)
	require.ErrorContains(t, err, text)
	t.Log(err)
}

// The clients do all that there is to do, and meet each other.
func TestRegistersAreReadWrittenAndFoughtOver(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		registers := s.Registers(6, 1, 10*time.Millisecond)
		time.Sleep(time.Second)
		s.Crash(s.names[main])
		time.Sleep(2 * time.Second)
		seen := registers.Stop().Seen()
		counts := map[string]int{}
		for _, o := range seen {
			counts[o.String()[:3]]++ // read, write or set
			switch {
			case o.Kind == history.CompareAndSet && o.Wrote():
				counts["won"]++
			case o.Kind == history.CompareAndSet && o.Outcome == workload.Acknowledged:
				counts["lost"]++
			case o.Outcome == workload.Failed:
				counts["failed"]++
			case o.Outcome == workload.Unknown:
				counts["unknown"]++
			}
		}
		for _, kind := range []string{"rea", "wri", "set", "won", "lost", "failed", "unknown"} {
			require.Positive(t, counts[kind], "%s: %v", kind, counts)
		}
		s.RequireLinearizable(registers)
	})
}

// Somebody who sets a register back, or takes it away, behind the clients' backs.
func TestRegisterThatIsChangedBehindTheClientsIsNoticed(t *testing.T) {
	for name, query := range map[string]string{
		"set back":    "MATCH (r:R {key: 1}) SET r.value = 0",
		"invented":    "MATCH (r:R {key: 1}) SET r.value = 1000000",
		"taken away":  "MATCH (r:R {key: 1}) DELETE r",
		"there twice": "CREATE (:R {key: 1, value: 0})",
	} {
		t.Run(name, func(t *testing.T) {
			withRegisters(t, func(s *scene, registers *sim.Registers) {
				for range 20 { // a client may be writing at once, or write again before anybody reads
					_, _ = s.Ask(s.names[main], query)
					time.Sleep(20 * time.Millisecond)
				}
				requireViolation(s.t, "register 1 is not linearizable", registers.Stop().Seen())
			})
		})
	}
}

// A failover by force, to a replica that lacks the last writes, loses them. The
// clients notice, whether or not anybody compares sets.
func TestForcedFailoverToAReplicaThatLagsIsNoticedByClientsOfRegisters(t *testing.T) {
	withRegisters(t, func(s *scene, registers *sim.Registers) {
		load := s.Load(writers, writeEvery)
		s.force(load)
		s.LoseDisk(s.names[main])
		s.LoseDisk(s.names[voter])
		s.start(voter, main)
		s.Whole(wholeWithin)
		time.Sleep(time.Second)
		requireViolation(s.t, "is not linearizable", registers.Stop().Seen())
	})
}

// A gateway that is left alone with the old main could still be heard: no write gets
// through there without a voter, but reads would, after others have written elsewhere.
// No comparison of sets would show it.
func TestGatewayThatIsLeftWithAnOldMainServesNoStaleReads(t *testing.T) {
	for n := range 9 {
		name := fmt.Sprintf("controller-%d", n%3)
		t.Run(name, func(t *testing.T) {
			run(t, sim.Options{Seed: uint64(n), Controllers: 3}, func(t *testing.T, c *sim.Cluster) {
				s := newScene(t, c)
				registers := s.Registers(4*registerClients, registerKeys, registerEvery) // some of them at each gateway
				time.Sleep(time.Second + s.Chance(readsRecord))
				left := []string{s.names[main], name}
				rest := slices.DeleteFunc(parties(3), func(name string) bool { return slices.Contains(left, name) })
				both := func(do func(from, to string)) {
					for _, a := range left {
						for _, b := range rest {
							do(a, b)
							do(b, a)
						}
					}
				}
				both(c.Cut)
				s.Eventually("another main", 10*time.Second, func() bool { return c.Record().Main == s.names[voter] })
				time.Sleep(5 * time.Second)
				both(c.Heal)
				c.Whole(healsWithin)
				c.RequireLinearizable(registers.Stop())
			})
		})
	}
}
