package api

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"memgraph-controller/gateway"
)

// collectGateways sends what the gateways say and count. Every metric here has
// the label gateway ("rw" or "ro"), so reading and writing are never added up
// unseen.
func collectGateways(out chan<- prometheus.Metric, gateways []gateway.Status) {
	for _, g := range gateways {
		collectGatewayState(out, g)
		collectGatewayCounters(out, g.Name, g.Counters)
	}
}

func collectGatewayState(out chan<- prometheus.Metric, g gateway.Status) {
	gauge("gateway_running", "1 while the gateway listens.", "gateway").
		emit(out, number(g.Running), g.Name)
	gauge("gateway_silenced", "1 while the gateway lets nothing pass because it is cut off.", "gateway").
		emit(out, number(g.Silenced), g.Name)
	gauge("gateway_epoch", "Newest epoch whose route the gateway has carried out in full.", "gateway").
		emit(out, float64(g.Applied), g.Name)
	emitState(gauge("gateway_flow", "1 for what the gateway lets pass now.", "gateway", "flow"), out,
		[]gateway.Flow{gateway.Open, gateway.Paused, gateway.Closed}, g.Flow, g.Name)
	gauge("gateway_connections", "Client connections that have an upstream.", "gateway").
		emit(out, float64(g.Sessions), g.Name)
	gauge("gateway_held", "Client connections that wait for an upstream.", "gateway").
		emit(out, float64(g.Held), g.Name)
	gauge("gateway_last_pause_seconds", "How long the flow was not open the last time.", "gateway").
		emit(out, g.LastPauseSeconds, g.Name)
	upstream := gauge("gateway_upstream_connections", "Client connections by upstream.", "gateway", "upstream")
	for _, u := range g.Upstreams {
		upstream.emit(out, float64(u.Sessions), g.Name, u.Address)
	}
}

func collectGatewayCounters(out chan<- prometheus.Metric, name string, c gateway.Counters) {
	count := func(metric, help string, value float64) { counter(metric, help, "gateway").emit(out, value, name) }
	count("gateway_accepted_total", "Client connections that were accepted.", float64(c.Accepted))
	count("gateway_dials_total", "Attempts to reach an upstream.", float64(c.Dialed))
	count("gateway_dial_failures_total", "Attempts to reach an upstream that failed.", float64(c.DialFailures))
	count("gateway_waited_total", "Client connections that had to wait for an upstream.", float64(c.Held))
	count("gateway_released_total", "Client connections that got an upstream after they had to wait.", float64(c.Released))
	count("gateway_wait_seconds_total", "Time that client connections waited for an upstream.", c.HeldSeconds)
	countBy(out, counter("gateway_rejected_total", "Client connections that got no upstream.", "gateway", "reason"), name, c.Rejected)
	countBy(out, counter("gateway_cut_total", "Client connections that were reset.", "gateway", "reason"), name, c.Cut)
	countBy(out, counter("gateway_logins_total", "Logins that were checked at the main.", "gateway", "result"), name, c.Logins)
	bytes := counter("gateway_bytes_total", "Bytes carried, up from clients to servers and down.", "gateway", "direction")
	bytes.emit(out, float64(c.BytesUp), name, "up")
	bytes.emit(out, float64(c.BytesDown), name, "down")
}

func countBy[R ~string](out chan<- prometheus.Metric, m metric, name string, counts map[R]uint64) {
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		m.emit(out, float64(counts[reason]), name, string(reason))
	}
}
