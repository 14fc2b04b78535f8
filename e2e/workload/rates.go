package workload

import (
	"context"
	"math"
	"time"
)

// atRates starts the operations that wait for nobody.
func (l *Load) atRates(ctx context.Context) {
	writer, reader, rates := l.drivers[0], l.drivers[1], l.config.Rates
	l.atRate(ctx, rates.Writes, func(n int, due time.Time) {
		l.write(ctx, writer, Write{Explicit: chosen(n, rates.Explicit), Start: due})
	})
	l.atRate(ctx, rates.Reads, func(_ int, due time.Time) { l.read(ctx, reader, Read{Start: due}) })
	l.atRate(ctx, rates.Streams, func(_ int, due time.Time) { l.read(ctx, reader, Read{Start: due, Stream: true}) })
	l.atRate(ctx, rates.Connects, func(n int, due time.Time) { l.connect(ctx, l.gateway(n), due) })
}

// atRate starts do so often a second until ctx ends, whether or not those before
// have ended. do gets its number and when it was due.
func (l *Load) atRate(ctx context.Context, perSecond float64, do func(n int, due time.Time)) {
	if perSecond <= 0 {
		return
	}
	l.clients.Go(func() {
		begin := time.Now()
		for n := 0; ; n++ {
			due := begin.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(due)):
			}
			l.clients.Go(func() { do(n, due) })
		}
	})
}

// chosen spreads a share of all numbers evenly.
func chosen(n int, share float64) bool {
	return math.Floor(float64(n+1)*share) > math.Floor(float64(n)*share)
}

// gateway takes turns between the two.
func (l *Load) gateway(turn int) string {
	return either(turn%2 == 0, l.config.Write, l.config.Read)
}
