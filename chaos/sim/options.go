package sim

import (
	"log/slog"
	"time"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

// Options describe a simulated cluster. The zero value of each field stands for
// what its comment names.
type Options struct {
	// Instances is how many there are: memgraph-0, memgraph-1, ... Default 3.
	Instances int
	// Controllers is how many there are: controller-0, controller-1, ... Each has
	// both gateways. Default 1, which leads for ever and whose gateways never fall
	// silent.
	Controllers int
	// Seed is what every choice of the simulation comes from.
	Seed uint64
	// Latency is how long a message takes one way. Default 300 µs: a commit then
	// takes 2.4 ms from the client and back.
	Latency time.Duration
	// StoreLatency is how long reading or writing the record takes. A write
	// happens in the middle of it. Default 2 ms.
	StoreLatency time.Duration
	// RestartDelay is the time from the death of a process to its next start.
	// Default 1 s.
	RestartDelay time.Duration
	// EndDelay is how long a process lives that was told to end by its controller: it
	// is being stopped meanwhile, as a pod that is deleted. Default: none. Only then
	// RestartDelay counts for its successor too.
	EndDelay time.Duration
	// CalmAfter is when, from their first pause on, applications begin to pause
	// calmer times as long. Default: never.
	CalmAfter time.Duration
	// Policy is the controller's. Default: topology.DefaultPolicy.
	Policy topology.Policy
	// Detection is the controller's. Default: controller.BalancedDetection.
	Detection controller.Detection
	// Log gets the lines of all parts. Default: discarded.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Instances == 0 {
		o.Instances = 3
	}
	if o.Controllers == 0 {
		o.Controllers = 1
	}
	if o.Latency == 0 {
		o.Latency = 300 * time.Microsecond
	}
	if o.StoreLatency == 0 {
		o.StoreLatency = 2 * time.Millisecond
	}
	if o.RestartDelay == 0 {
		o.RestartDelay = time.Second
	}
	if o.Policy == (topology.Policy{}) {
		o.Policy = topology.DefaultPolicy()
	}
	if o.Detection == (controller.Detection{}) {
		o.Detection = controller.BalancedDetection()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
