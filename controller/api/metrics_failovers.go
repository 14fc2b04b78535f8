package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"memgraph-controller/controller/topology"
)

// namespace is the prefix of every metric of the controller.
const namespace = "memgraph_controller"

// FailoverMetrics counts finished failovers and keeps how long their phases
// took. It is apart from the metrics that are read off a Backend at scrape time,
// because each failover must be counted exactly once, however often and however
// seldom somebody scrapes.
type FailoverMetrics struct {
	total  *prometheus.CounterVec
	phases *prometheus.HistogramVec
}

// NewFailoverMetrics returns metrics that are registered nowhere yet.
func NewFailoverMetrics() *FailoverMetrics {
	m := &FailoverMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "failovers_total",
			Help: "Failovers and planned changes that this controller led to their end.",
		}, []string{"kind", "reason", "result"}),
		phases: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "failover_phase_seconds",
			Help: "How long each phase of a failover or planned change took.",
			// From one round trip to the 30 s for which a silent voter stalls a
			// main, finest where the promise lies (0.1 to 3 s).
			Buckets: []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 2, 3, 5, 10, 30},
		}, []string{"kind", "phase"}),
	}
	// To Prometheus a counter that appears at 1 has not increased: those of lost mains,
	// of which an alert counts each, are there from the start.
	for _, lost := range [][2]string{
		{string(KindFailover), string(topology.HealthDead)},
		{string(KindFailover), string(topology.HealthSilent)},
		{string(KindHandover), string(topology.HealthSilent)},
	} {
		m.total.WithLabelValues(lost[0], lost[1], string(ResultCompleted))
	}
	return m
}

// Observe counts a failover that has finished. The caller sees to it that each
// is observed once.
func (m *FailoverMetrics) Observe(f Failover) {
	m.total.WithLabelValues(string(f.Kind), f.Reason, string(f.Result)).Inc()
	for _, phase := range f.Phases {
		m.phases.WithLabelValues(string(f.Kind), string(phase.Name)).Observe(phase.Duration.Seconds())
	}
}

// Describe implements prometheus.Collector.
func (m *FailoverMetrics) Describe(out chan<- *prometheus.Desc) {
	m.total.Describe(out)
	m.phases.Describe(out)
}

// Collect implements prometheus.Collector.
func (m *FailoverMetrics) Collect(out chan<- prometheus.Metric) {
	m.total.Collect(out)
	m.phases.Collect(out)
}
