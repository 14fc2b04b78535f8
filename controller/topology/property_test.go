package topology_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"memgraph-controller/controller/topology"
)

// event is one thing that happens to a world from outside. what describes it.
type event struct {
	what string
	do   func(w *world)
}

func (e event) String() string { return e.what }

// instanceEvents are the faults of one instance.
func instanceEvents(name string) []event {
	one := func(what string, do func(w *world, d *database)) event {
		return event{what + " " + name, func(w *world) {
			if d := w.databases[name]; d != nil {
				do(w, d)
			}
		}}
	}
	return []event{
		one("kill", func(w *world, d *database) { d.kill() }),
		one("start", func(w *world, d *database) { d.start(w.startDelay) }),
		one("restart", func(w *world, d *database) { w.restart(name) }),
		one("freeze", func(w *world, d *database) { w.freeze(name, true) }),
		one("thaw", func(w *world, d *database) { w.freeze(name, false) }),
		one("cut off", func(w *world, d *database) { w.cutOff(name, true) }),
		one("rejoin", func(w *world, d *database) { w.cutOff(name, false) }),
		one("hide", func(w *world, d *database) { w.hide(name) }),
		one("show", func(w *world, d *database) { d.unseen = false }),
		one("lag", func(w *world, d *database) { d.lagging = true }),
		one("catch up", func(w *world, d *database) { d.lagging = false }),
		one("terminate", func(w *world, d *database) { d.terminating = d.up }),
		one("change the storage mode of", func(w *world, d *database) { d.setAnalytical(true) }),
		one("change back the storage mode of", func(w *world, d *database) { d.setAnalytical(false) }),
		one("lock", func(w *world, d *database) { d.busy = 3 }),
		one("lose the disk of", func(w *world, d *database) {
			// One at a time, or there are writes that nobody holds; and not while
			// a person has taken over: a main is not watched then.
			if w.record.Pause == nil && w.unhealed() == "" {
				w.loseDisk(name)
			}
		}),
		one("spoil the disk of", func(w *world, d *database) {
			if name != w.record.Main && name != w.record.Voter && w.unhealed() == "" {
				w.spoil(name)
			}
		}),
		one("force a failover to", func(w *world, d *database) { w.request(topology.RequestFailover, name, true) }),
		one("ask for a switchover to", func(w *world, d *database) { w.request(topology.RequestSwitchover, name, false) }),
	}
}

func gatewayEvents(n int) []event {
	one := func(what string, do func(g *gateway)) event {
		return event{fmt.Sprintf("%s g%d", what, n+1), func(w *world) { do(w.gateways[n]) }}
	}
	return []event{
		one("cut off", func(g *gateway) { g.away = true }),
		one("rejoin", func(g *gateway) { g.away = false }),
		one("kill", func(g *gateway) { g.kill() }),
		one("revive", func(g *gateway) { g.revive() }),
		one("slow write through", func(g *gateway) { g.beginSlow(1200 * time.Millisecond) }),
	}
}

func commonEvents() []event {
	return []event{
		{"change of leader", (*world).changeLeader},
		{"change of leader", (*world).changeLeader},
		{"switchover", func(w *world) { w.request(topology.RequestSwitchover, "", false) }},
		{"failover", func(w *world) { w.request(topology.RequestFailover, "", false) }},
		{"pause", func(w *world) {
			if w.damaged() {
				return
			}
			w.record.Pause = &topology.Pause{Until: w.now.Add(3 * time.Second), By: "ann"}
		}},
		{"snapshots", func(w *world) {
			for _, name := range w.names {
				w.databases[name].takeSnapshot()
			}
		}},
		{"nothing", func(*world) {}},
	}
}

func eventsOf(w *world) []event {
	all := commonEvents()
	for _, name := range w.names {
		all = append(all, instanceEvents(name)...)
	}
	for n := range w.gateways {
		all = append(all, gatewayEvents(n)...)
	}
	return all
}

// variants are the clusters that random faults are tried on.
func variants() map[string]func(*world) {
	return map[string]func(*world){
		"strict":         func(*world) {},
		"reseeding only": func(w *world) { w.policy.FastRecovery = 0 },
		"degrade":        func(w *world) { w.policy.DegradeAfter = 2 * time.Second },
		"users":          func(w *world) { w.policy.Users = true },
		"slow starts":    func(w *world) { w.startDelay, w.storageDelay = 3*time.Second, 600*time.Millisecond },
		"snapshots":      func(w *world) { w.snapshot = true },
	}
}

func TestNothingBreaksUnderRandomFaultsAndTheClusterHeals(t *testing.T) {
	for name, vary := range variants() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { tryFaults(t, vary) })
		})
	}
}

func tryFaults(t *rapid.T, vary func(*world)) {
	w := newWorld(rapid.IntRange(2, 4).Draw(t, "instances"), 2)
	w.addressDelay = time.Duration(rapid.SampledFrom([]int{0, 0, 6}).Draw(t, "seconds until names lead to the right place")) * time.Second
	w.trace = func(s string) { t.Logf("%6.2f %s", float64(w.ticks)*tick.Seconds(), s) }
	vary(w)
	boot(w)
	events := eventsOf(w)
	for range rapid.IntRange(1, 15).Draw(t, "events") {
		e := rapid.SampledFrom(events).Draw(t, "event")
		w.trace("--- " + e.what)
		e.do(w)
		w.run(time.Duration(rapid.SampledFrom([]int{1, 1, 2, 3, 5, 20, 60}).Draw(t, "ticks")) * tick)
	}
	w.trace("--- heal")
	w.heal()
	wrong := w.converge()
	if len(w.broken) > 0 {
		t.Fatalf("broken: %v", w.broken)
	}
	if wrong != "" {
		t.Fatal(wrong)
	}
}
