package cost

import (
	"fmt"
	"time"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/proc"
	"memgraph-controller/bench/record"
)

// workload is one thing that clients do.
type workload struct {
	name string
	// fits tells whether a contender can take part; nil: all can.
	fits func(contender.Running) bool
	// measure has the crowd do it by way of a contender that has just started.
	measure func(crowd.Remote, contender.Running) (values, error)
}

type values = map[record.Metric]float64

// Names of the workloads, as they stand in the raw results.
const (
	Syscalls = "system calls"
	Bulk     = "bulk"
	Connect  = "connect"
	Idle     = "idle"
	Release  = "release"
	Cut      = "cut"
)

// RoundTrips is the name of the workload with so many connections.
func RoundTrips(connections int) string { return fmt.Sprintf("round trips %d", connections) }

// What is measured. Times are in microseconds, as their names say.
const (
	P50         record.Metric = "p50_us"
	P99         record.Metric = "p99_us"
	P999        record.Metric = "p99.9_us"
	Last        record.Metric = "last_us"        // of the last of many clients
	PerSecond   record.Metric = "per_second"     // round trips, connections
	Speed       record.Metric = "gb_per_second"  // 10^9 bytes
	CPU         record.Metric = "cpu_us"         // of the proxy for each round trip, connection or session
	CPUPerGB    record.Metric = "cpu_per_gb_us"  // of the proxy for 10^9 bytes
	CPUShare    record.Metric = "cpu_percent"    // of one processor
	Switches    record.Metric = "switches"       // context switches for each round trip
	Calls       record.Metric = "calls"          // system calls for each round trip
	Allocations record.Metric = "allocations"    // of objects for each round trip
	Sessions    record.Metric = "sessions"       // that were idle
	PerSession  record.Metric = "bytes_per_idle" // of the proxy for each idle session
	Memory      record.Metric = "memory_mb"      // 10^6 bytes of the proxy with idleSessions, of which it may have had fewer
)

// used runs an action and returns what a contender's process used meanwhile. Nothing
// between clients and upstream uses nothing.
func used(through contender.Running, action func() error) (proc.Usage, time.Duration, error) {
	pid := through.PID()
	if pid == 0 {
		began := time.Now()
		err := action()
		return proc.Usage{}, time.Since(began), err
	}
	before, err := proc.Of(pid)
	if err != nil {
		return proc.Usage{}, 0, err
	}
	began := time.Now()
	if err := action(); err != nil {
		return proc.Usage{}, 0, err
	}
	lasted := time.Since(began)
	after, err := proc.Of(pid)
	if err != nil {
		return proc.Usage{}, 0, err
	}
	usage := after.Since(before)
	if usage.CPU <= 0 {
		return usage, lasted, fmt.Errorf("it used no processor time")
	}
	return usage, lasted, nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// each divides what was used by a number of things that were done.
func each(of time.Duration, n int) float64 { return micros(of) / float64(n) }
