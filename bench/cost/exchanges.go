package cost

import (
	"time"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/wire"
)

const (
	// warmUp lets buffers, pools and stacks grow to what the load needs.
	warmUp = 150 * time.Millisecond
	// slice is how long one measurement of an exchange lasts: short, so that one
	// contender follows the other before the machine's mood has changed. On one
	// connection it is some 10,000 round trips, ten of which are above p99.9.
	slice = 700 * time.Millisecond
	// bulkRows make an answer of 64 MiB.
	bulkRows = 64 << 20 / wire.RowSize
	// newConnections are made in one measurement. Each leaves ports in TIME_WAIT
	// for a minute, of which there are 28,000 towards each address.
	newConnections = 1500
)

// roundTrips asks for one row over a number of connections.
func roundTrips(connections int) workload {
	return workload{name: RoundTrips(connections), measure: func(c crowd.Remote, through contender.Running) (values, error) {
		if err := c.Open(through.Address(), connections); err != nil {
			return nil, err
		}
		if _, err := c.Exchange(1, warmUp); err != nil {
			return nil, err
		}
		allocated, err := allocations(through)
		if err != nil {
			return nil, err
		}
		var times crowd.Times
		usage, lasted, err := used(through, func() (err error) {
			times, err = c.Exchange(1, slice)
			return err
		})
		if err != nil {
			return nil, err
		}
		v := values{P50: micros(times.P50), P99: micros(times.P99), P999: micros(times.P999), PerSecond: float64(times.N) / lasted.Seconds()}
		if through.PID() != 0 {
			v[CPU] = each(usage.CPU, times.N)
			v[Switches] = float64(usage.Switches) / float64(times.N)
		}
		if _, ok := through.(contender.Allocator); ok {
			after, err := allocations(through)
			if err != nil {
				return nil, err
			}
			v[Allocations] = float64(after-allocated) / float64(times.N)
		}
		return v, c.Close()
	}}
}

// allocations returns how many objects a contender has allocated, if it can tell.
func allocations(through contender.Running) (uint64, error) {
	if a, ok := through.(contender.Allocator); ok {
		return a.Allocations()
	}
	return 0, nil
}

// bulk asks for answers of 64 MiB over one connection.
func bulk(c crowd.Remote, through contender.Running) (values, error) {
	if err := c.Open(through.Address(), 1); err != nil {
		return nil, err
	}
	if _, err := c.Exchange(bulkRows, warmUp); err != nil {
		return nil, err
	}
	var times crowd.Times
	usage, lasted, err := used(through, func() (err error) {
		times, err = c.Exchange(bulkRows, slice)
		return err
	})
	if err != nil {
		return nil, err
	}
	gigabytes := float64(times.N) * float64(wire.AnswerSize(bulkRows)) / 1e9
	v := values{Speed: gigabytes / lasted.Seconds()}
	if through.PID() != 0 {
		v[CPUPerGB] = micros(usage.CPU) / gigabytes
	}
	return v, c.Close()
}

// connects makes one connection after the other, each for its first byte.
func connects(c crowd.Remote, through contender.Running) (values, error) {
	if _, err := c.Connect(through.Address(), newConnections/10); err != nil {
		return nil, err
	}
	var times crowd.Times
	usage, lasted, err := used(through, func() (err error) {
		times, err = c.Connect(through.Address(), newConnections)
		return err
	})
	if err != nil {
		return nil, err
	}
	v := values{P50: micros(times.P50), P99: micros(times.P99), PerSecond: float64(times.N) / lasted.Seconds()}
	if through.PID() != 0 {
		v[CPU] = each(usage.CPU, times.N)
	}
	return v, nil
}
