package storm

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/place"
	"memgraph-controller/bench/proc"
	"memgraph-controller/bench/record"
	"memgraph-controller/bench/remote"
	"memgraph-controller/clusters/progress"
)

// What a measurement finds, of all gateways together.
const (
	Memory   record.Metric = "memory_mb"   // 10^6 bytes, while idle
	CPUShare record.Metric = "cpu_percent" // of one processor, while idle
	LastCut  record.Metric = "last_cut_us" // until the last client has seen its end
	P50      record.Metric = "p50_us"      // until a client has its first byte again, since the gateways were open
	P99      record.Metric = "p99_us"      // of the gateway where it took longest, as P50
	Last     record.Metric = "last_us"     // until the last one has
	CPU      record.Metric = "cpu_us"      // for each connection that was cut and came back
	Attempts record.Metric = "attempts"    // for each connection
)

const (
	// settles is how long connections are left alone before they are looked at, and
	// idles how long they are looked at.
	settles = time.Second
	idles   = 2 * time.Second
	// outage is from the loss of a main to an open route: half a second was measured
	// for a main that is killed (docs/chaos).
	outage = 500 * time.Millisecond
	// filesWanted are those of a gateway with 10,000 sessions and of a server with
	// 20,000; spareFiles are what a process needs beside its connections.
	filesWanted = 64_000
	spareFiles  = 200
)

// Shape is how many gateways share how many connections.
type Shape struct{ Gateways, Connections int }

// String names the shape as a workload.
func (s Shape) String() string {
	return fmt.Sprintf("%d gateways, %d connections", s.Gateways, s.Connections)
}

// Shapes are those that are measured.
func Shapes() (shapes []Shape) {
	for _, connections := range []int{1000, 5000, 10_000, 20_000} {
		for _, gateways := range []int{2, 3, 5} {
			shapes = append(shapes, Shape{gateways, connections})
		}
	}
	return shapes
}

// Config says how to measure.
type Config struct {
	// Rounds are how often each shape is measured.
	Rounds int
	// Proxy and Peer are the programs of bench/cmd/proxy and bench/cmd/peer.
	Proxy, Peer string
	// Progress hears what is at work, and Book keeps what was measured.
	Progress *progress.Log
	Book     *record.Book
}

// Run measures all shapes in turn, round by round, and fails with the first
// measurement that does. A shape that needs more open files than a process may have
// here is left out, and said to be.
func Run(ctx context.Context, cfg Config) error {
	files, err := place.Files(filesWanted)
	if err != nil {
		return err
	}
	if err := cfg.Book.Add(record.Line{Machine: cost.Machine(1, false)}); err != nil {
		return err
	}
	for round := 1; round <= cfg.Rounds; round++ {
		for _, shape := range Shapes() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if needed := 2*shape.Connections/shape.Gateways + spareFiles; needed > int(files) {
				cfg.Progress.Step("round %d of %d: %s: left out, needs %d open files in a process, may have %d", round, cfg.Rounds, shape, needed, files)
				continue
			}
			cfg.Progress.Step("round %d of %d: %s", round, cfg.Rounds, shape)
			line := record.Line{Began: time.Now().UTC(), Round: round, Workload: shape.String(), Contender: contender.GatewayWrites}
			if line.Values, err = cfg.once(shape); err != nil {
				return fmt.Errorf("%s, round %d: %w", shape, round, err)
			}
			if err := cfg.Book.Add(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// once is one measurement, with processes of its own.
func (cfg Config) once(shape Shape) (map[record.Metric]float64, error) {
	sites, err := cfg.start(shape)
	defer stop(sites)
	if err != nil {
		return nil, err
	}
	share := shape.Connections / shape.Gateways
	if err := together(sites, func(s *site) error { return s.clients.Open(s.gateway.Address(), share) }); err != nil {
		return nil, err
	}
	values, err := idle(sites)
	if err != nil {
		return nil, err
	}
	stormy, err := storm(sites, share)
	for metric, value := range stormy {
		values[metric] = value
	}
	return values, err
}

// site is one gateway with its server and its clients.
type site struct {
	gateway contender.Gateway
	server  *remote.Process
	clients crowd.Remote
	returns crowd.Returns
}

func (cfg Config) start(shape Shape) (sites []*site, err error) {
	for range shape.Gateways {
		s := &site{}
		sites = append(sites, s)
		if s.server, err = cost.Peer(cfg.Peer, "upstream", nil); err != nil {
			return sites, err
		}
		at := contender.Site{Proxy: cfg.Proxy, Threads: 1}
		if err := s.server.Call("address", nil, &at.Upstream); err != nil {
			return sites, err
		}
		if s.gateway, err = contender.StartGateway(at); err != nil {
			return sites, err
		}
		if s.clients.Process, err = cost.Peer(cfg.Peer, "crowd", nil); err != nil {
			return sites, err
		}
	}
	return sites, nil
}

func stop(sites []*site) {
	for _, s := range sites {
		if s.clients.Process != nil {
			s.clients.Stop()
		}
		if s.gateway != nil {
			s.gateway.Stop()
		}
		if s.server != nil {
			s.server.Stop()
		}
	}
}

// together does something with all sites at once.
func together(sites []*site, do func(*site) error) error {
	var all errgroup.Group
	for _, s := range sites {
		all.Go(func() error { return do(s) })
	}
	return all.Wait()
}

// used is what the gateways have used of the processors since they began.
func used(sites []*site) (sum time.Duration, err error) {
	for _, s := range sites {
		usage, err := proc.Of(s.gateway.PID())
		if err != nil {
			return 0, err
		}
		sum += usage.CPU
	}
	return sum, nil
}

// idle looks at connections that do nothing.
func idle(sites []*site) (map[record.Metric]float64, error) {
	time.Sleep(settles)
	before, err := used(sites)
	if err != nil {
		return nil, err
	}
	time.Sleep(idles)
	after, err := used(sites)
	if err != nil {
		return nil, err
	}
	memory := uint64(0)
	for _, s := range sites {
		m, err := proc.Memory(s.gateway.PID())
		if err != nil {
			return nil, err
		}
		memory += m
	}
	return map[record.Metric]float64{
		Memory:   float64(memory) / 1e6,
		CPUShare: 100 * (after - before).Seconds() / idles.Seconds(),
	}, nil
}

// storm cuts all connections, and lets them come back after an outage.
func storm(sites []*site, share int) (map[record.Metric]float64, error) {
	if err := together(sites, func(s *site) error { return s.clients.ComeBack(s.gateway.Address()) }); err != nil {
		return nil, err
	}
	before, err := used(sites)
	if err != nil {
		return nil, err
	}
	cut := time.Now()
	if err := together(sites, func(s *site) error { return s.gateway.Cut() }); err != nil {
		return nil, err
	}
	time.Sleep(time.Until(cut.Add(outage)))
	open := time.Now()
	if err := together(sites, func(s *site) error { return s.gateway.Release() }); err != nil {
		return nil, err
	}
	if err := together(sites, func(s *site) (err error) {
		s.returns, err = s.clients.Back(cut, open)
		return err
	}); err != nil {
		return nil, err
	}
	after, err := used(sites)
	if err != nil {
		return nil, err
	}
	values := slowest(sites)
	values[CPU] = micros(after-before) / float64(share*len(sites))
	return values, nil
}

// slowest are the times of the gateway where each took longest.
func slowest(sites []*site) map[record.Metric]float64 {
	values := map[record.Metric]float64{}
	attempts, connections := 0, 0
	for _, s := range sites {
		for metric, took := range map[record.Metric]time.Duration{
			LastCut: s.returns.Lost.Max, P50: s.returns.Back.P50, P99: s.returns.Back.P99, Last: s.returns.Back.Max,
		} {
			values[metric] = max(values[metric], micros(took))
		}
		attempts += s.returns.Attempts
		connections += s.returns.Back.N
	}
	values[Attempts] = float64(attempts) / float64(connections)
	return values
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
