package kube

import (
	"context"
	"fmt"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/clients"
	"memgraph-controller/e2e/workload"
)

const (
	// writeRate is how many writes per second the clients attempt in all, where the
	// machine carries that.
	writeRate = 200
	// leastRate is the least for which a scenario is worth its time: gaps are measured
	// to a twenty-fifth of a second.
	leastRate = 25
	// queue is the median latency, from when a write was due, from which on clients wait
	// for the machine: 7 ms were seen on two idle cores, and 1.8 s where somebody else
	// used them too.
	queue = 100 * time.Millisecond
	// carriedWithin is how long clients may take until they work without a queue: the first
	// window has their start in it.
	carriedWithin = 12 * time.Second
	// nearly is the share of the rate that has to be reached before anything happens: a
	// window of 3 s has 75 writes at least, which come by chance.
	nearly = 0.8
	// floor is the share of a rate below which a run is void.
	floor = 0.6
	// rateOver is the time over which a rate is measured.
	rateOver = 3 * time.Second
	// steadyWithin is how long clients may take until they work at their rate.
	steadyWithin = 30 * time.Second
)

// Load is clients at work on a release while a scenario breaks it: one in Go and
// one in Python, each with half of the rate.
type Load struct {
	s       *Scenario
	clients clients.Crew
	rate    float64 // that is intended, in writes per second
	began   time.Time
	witness *witness
	gaps    workload.Distribution
}

// Load removes what earlier clients wrote, puts new ones to work outside the
// cluster, and returns when they work at their rate.
func (s *Scenario) Load(ctx context.Context) *Load {
	s.Helper()
	return s.LoadOf(ctx, writeRate)
}

// LoadOf is Load with another rate, in writes per second. It halves the rate as long as
// clients wait in a queue before anything happens to the cluster: a gap would tell how
// long the queue is.
func (s *Scenario) LoadOf(ctx context.Context, rate float64) *Load {
	s.Helper()
	for ; ; rate /= 2 {
		s.Whole(ctx, s)
		s.clear(ctx)
		l := s.idle(ctx, rate)
		for _, language := range []clients.Language{clients.Go, clients.Python} {
			client, err := clients.Start(ctx, language, l.config(s.Write, s.Read, 2))
			require.NoError(s, err)
			l.clients = append(l.clients, client)
		}
		why := l.carried(ctx)
		if why == "" {
			s.Count("writes begun in a second", int(rate))
			return l
		}
		if rate < 2*leastRate {
			s.Void("before the fault %s", why)
		}
		s.Logf("half of the rate: %s", why)
		l.end(ctx)
	}
}

// idle is a load without clients yet.
func (s *Scenario) idle(ctx context.Context, rate float64) *Load {
	l := &Load{s: s, rate: rate, began: time.Now(), witness: watch(ctx, s.Release)}
	s.Cleanup(func() { l.end(ctx) })
	return l
}

// end ends the clients. It may be called again. What there is to say of them Judge says.
func (l *Load) end(ctx context.Context) {
	l.witness.stop()
	_, _ = l.clients.Stop(context.WithoutCancel(ctx))
}

// carried waits until clients write at their rate and without a queue, and says what
// keeps them from it; empty: nothing does.
func (l *Load) carried(ctx context.Context) (why string) {
	l.s.Helper()
	for deadline := time.Now().Add(carriedWithin); ; {
		began := time.Now()
		rate, err := l.clients.Rate(ctx, rateOver)
		if err != nil {
			l.s.outOfTime(ctx)
		}
		latency := l.History().WriteLatency(began).Quantile(0.5)
		switch {
		case rate >= nearly*l.rate && latency <= queue:
			return ""
		case time.Now().After(deadline):
			return fmt.Sprintf("clients wrote %.0f times a second of %.0f, each in %s", rate, l.rate, latency.Round(time.Millisecond))
		}
	}
}

// config is what the next one of so many clients has to do. Beside the writes there
// is just enough of everything else to notice what becomes of it: two cores carry
// the clients, the gateways, three databases and Kubernetes.
func (l *Load) config(write, read string, of int) clients.Config {
	share := 1 / float64(of)
	return clients.Config{
		Write: write, Read: read, FirstID: int64(len(l.clients))*clients.IDsOfOne + 1,
		Rates: workload.Rates{Writes: l.rate * share, Reads: l.rate / 4 * share, Streams: share / 2, Connects: 4 * share, Explicit: 0.2},
	}
}

// History is what the clients saw so far. It is a copy.
func (l *Load) History() workload.History {
	l.s.Helper()
	merged, err := l.clients.History()
	require.NoError(l.s, err)
	return merged
}

// steady waits until the clients write at a share of a rate, and returns theirs, at most
// that which is intended: who makes up for lost time is faster. If they do not, nothing
// was proved.
func (l *Load) steady(ctx context.Context, of float64, when string) float64 {
	l.s.Helper()
	for deadline := time.Now().Add(steadyWithin); ; {
		rate, err := l.clients.Rate(ctx, rateOver)
		if err != nil {
			l.s.outOfTime(ctx)
		}
		if rate >= floor*of {
			return min(rate, l.rate)
		}
		if time.Now().After(deadline) {
			l.s.Void("%s clients wrote %.0f times a second, less than %.0f %% of %.0f", when, rate, 100*floor, of)
		}
	}
}

// pass lets a time pass in which clients work.
func (s *Scenario) pass(ctx context.Context, d time.Duration) {
	s.Helper()
	if Pass(ctx, d) != nil {
		s.outOfTime(ctx)
	}
}

func (s *Scenario) outOfTime(ctx context.Context) {
	s.Helper()
	s.Fatalf("the suite is out of time: %v", context.Cause(ctx))
}

// Acknowledged waits until so many more writes were acknowledged.
func (l *Load) Acknowledged(ctx context.Context, more int, within time.Duration) {
	l.s.Helper()
	before := l.clients.Acknowledged()
	l.s.Eventually(ctx, "writes are acknowledged", within, func(context.Context) error {
		if n := l.clients.Acknowledged() - before; n < more {
			return fmt.Errorf("%d of %d were", n, more)
		}
		return nil
	})
}

// clear removes what clients wrote before: the next ones begin with id 1 again.
func (s *Scenario) clear(ctx context.Context) {
	s.Helper()
	check(s, s.Clear(ctx), "remove what earlier clients wrote")
}

// Clear removes what clients wrote. It takes small steps, because each is one
// transaction that replicas wait for.
func (r *Release) Clear(ctx context.Context) error {
	for _, label := range []string{"W", pinLabel} {
		err := Await(ctx, "earlier clients' nodes are removed", time.Minute, func(ctx context.Context) error {
			rows, err := ask(ctx, r.Write, fmt.Sprintf("MATCH (n:%s) WITH n LIMIT 5000 DETACH DELETE n RETURN count(n)", label))
			if err != nil {
				return err
			}
			if n, ok := rows[0][0].(int64); !ok || n > 0 {
				return fmt.Errorf("%v more were removed", rows[0][0])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ask runs one statement in a transaction of its own over a new connection.
func ask(ctx context.Context, address, text string) (rows [][]any, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	driver, err := workload.Driver(address)
	if err != nil {
		return nil, err
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	result, err := session.Run(ctx, text, nil)
	if err != nil {
		return nil, err
	}
	records, err := result.Collect(ctx)
	for _, r := range records {
		rows = append(rows, r.Values)
	}
	return rows, err
}
