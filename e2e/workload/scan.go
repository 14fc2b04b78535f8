package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// countAll has a condition on a property, so that no database answers it by a
// statistic that it keeps.
const (
	countAll = "MATCH (n:Scanned) WHERE n.id > 0 RETURN count(n)"
	seedAll  = "UNWIND range(1, $n) AS i CREATE (:Scanned {id: i})"
	unseed   = "MATCH (n:Scanned) DELETE n"
)

// Seed has the database at address hold n nodes for scanners, in the place of those
// that it had.
func Seed(ctx context.Context, address string, n int) error {
	driver, err := Driver(address)
	if err != nil {
		return fmt.Errorf("open a driver for %s: %w", address, err)
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	_, err = session.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		for _, statement := range []string{unseed, seedAll} {
			result, err := tx.Run(ctx, statement, map[string]any{"n": n})
			if err == nil {
				_, err = result.Consume(ctx)
			}
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		return fmt.Errorf("make %d nodes at %s: %w", n, address, err)
	}
	return nil
}

// scan has scanners work in turns at their rate, or each as fast as it is answered.
func (l *Load) scan(ctx context.Context, scanners []neo4j.DriverWithContext) {
	if rate := l.config.Rates.Scans; rate > 0 && len(scanners) > 0 {
		l.byChance(ctx, rate, func(n int, due time.Time) { l.scanOnce(ctx, scanners[n%len(scanners)], due) })
		return
	}
	for _, scanner := range scanners {
		l.clients.Go(func() {
			for ctx.Err() == nil {
				l.scanOnce(ctx, scanner, time.Now())
			}
		})
	}
}

func (l *Load) scanOnce(ctx context.Context, scanner neo4j.DriverWithContext, due time.Time) {
	ctx, cancel := detached(ctx)
	defer cancel()
	r := Read{Start: due}
	var err error
	r.Records, err = count(ctx, scanner)
	r.End = time.Now()
	if err != nil {
		r.Err = err.Error()
	}
	l.recorder.read(r)
}

// byChance is atRate with gaps that are distributed exponentially: as many arrivals on
// average, and bursts among them. They are the same every time, so that two loads that are
// compared are equal.
func (l *Load) byChance(ctx context.Context, perSecond float64, do func(n int, due time.Time)) {
	chance := rand.New(rand.NewPCG(1, 2))
	l.clients.Go(func() {
		last := time.Now()
		for n := 0; ; n++ {
			due := last.Add(time.Duration(chance.ExpFloat64() / perSecond * float64(time.Second)))
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(due)):
			}
			l.clients.Go(func() { do(n, due) })
			last = due
		}
	})
}
