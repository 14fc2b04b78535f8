package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"memgraph-controller/controller/topology"
)

// collector turns one snapshot of a Backend into metrics at every scrape, so
// that a metric can never disagree with the status.
type collector struct{ backend Backend }

// metric is one family: its description and whether it counts.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(namespace+"_"+name, help, labels, nil), prometheus.CounterValue}
}

// emit sends one sample.
func (m metric) emit(out chan<- prometheus.Metric, value float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

// emitState sends a sample for each possible state: 1 for the present one, 0 for
// the others, so that a query can tell "not in this state" from "no data".
func emitState[S ~string](m metric, out chan<- prometheus.Metric, states []S, now S, labels ...string) {
	for _, state := range states {
		m.emit(out, number(state == now), append(labels[:len(labels):len(labels)], stateName(state))...)
	}
}

// stateName keeps a label from being empty, which would be the same as absent.
func stateName[S ~string](state S) string {
	if state == "" {
		return "unknown"
	}
	return string(state)
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector. It sends nothing, which means that the
// families are checked when they are gathered, not when the collector is
// registered: the Backend need not be ready by then.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	status := c.backend.Status()
	collectCluster(out, status)
	collectInstances(out, status.Instances)
	collectGateways(out, status.Gateways)
}

func collectCluster(out chan<- prometheus.Metric, status Status) {
	gauge("info", "Always 1; tells the version and the cluster.", "version", "cluster").
		emit(out, 1, status.Version, status.Cluster)
	gauge("leader", "1 when this controller is the leader.").
		emit(out, number(status.Leading()))
	gauge("epoch", "Epoch of the topology record.").
		emit(out, float64(status.Epoch))
	gauge("paused", "1 while automatic actions are paused.").
		emit(out, number(status.Paused != nil))
	emitState(gauge("gate", "1 for the present state of the write path.", "gate"), out,
		[]topology.Gate{topology.GateOpen, topology.GatePaused, topology.GateClosed}, status.Record.Gate)
	gauge("voter", "1 when a replica holds every acknowledged write, so that a failover is possible.").
		emit(out, number(status.Record.Voter != ""))
	counter("write_unavailable_seconds_total", "Time in which the write gateway had nowhere to send connections to.").
		emit(out, status.WriteUnavailable.Seconds())
}

func collectInstances(out chan<- prometheus.Metric, instances []Instance) {
	role := gauge("instance_role", "1 for the role that the instance reports.", "instance", "role")
	health := gauge("instance_health", "1 for the observers' verdict on the instance.", "instance", "health")
	ready := gauge("instance_ready", "1 when the instance does what it is there for.", "instance")
	clean := gauge("instance_clean", "1 when no other instance would refuse this one as main.", "instance")
	quarantined := gauge("instance_quarantined", "1 while the instance's data are set aside.", "instance")
	unreplicated := gauge("instance_unreplicated", "1 when what the instance writes, or wrote as main, reaches no replica.", "instance")
	warnings := gauge("instance_unsafe_settings", "Settings of the instance that are unsafe.", "instance")
	pooled := gauge("instance_in_read_pool", "1 when the read gateway sends sessions to the instance.", "instance")
	behind := gauge("replica_behind", "Logical timestamps by which the replica lags.", "instance")
	lag := gauge("replica_lag_seconds", "Time since the replica was last seen in sync.", "instance")
	for _, i := range instances {
		emitState(role, out, []topology.Role{topology.RoleMain, topology.RoleReplica, topology.RoleUnknown}, i.Role, i.Name)
		emitState(health, out, healthStates(), i.Health, i.Name)
		ready.emit(out, number(i.Ready), i.Name)
		clean.emit(out, number(i.Clean), i.Name)
		quarantined.emit(out, number(i.Quarantined != nil), i.Name)
		unreplicated.emit(out, number(i.Unreplicated != ""), i.Name)
		warnings.emit(out, float64(len(i.Warnings)), i.Name)
		pooled.emit(out, number(i.InReadPool), i.Name)
		if i.Mode != "" {
			behind.emit(out, float64(-i.Behind), i.Name)
			lag.emit(out, i.Lag.Seconds(), i.Name)
		}
	}
}

func healthStates() []topology.Health {
	return []topology.Health{
		topology.HealthUnknown, topology.HealthUp, topology.HealthSuspect, topology.HealthSilent, topology.HealthDead,
	}
}
