package workload

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOperationsByChanceAreDueAtTheirRateAndBeginWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &Load{}
		var mu sync.Mutex
		seen := map[int]time.Time{}
		l.byChance(ctx, 100, func(n int, due time.Time) {
			assert.Equal(t, due, time.Now(), "it begins when it is due")
			mu.Lock()
			defer mu.Unlock()
			seen[n] = due
		})
		time.Sleep(100 * time.Second)
		cancel()
		l.clients.Wait()
		// 10,000 on average; six times their standard deviation is 600.
		require.InDelta(t, 10_000, len(seen), 600)
		near := 0
		for n := 1; n < len(seen); n++ {
			require.True(t, seen[n].After(seen[n-1]))
			if seen[n].Sub(seen[n-1]) < 10*time.Millisecond {
				near++
			}
		}
		// A share of 1-1/e of exponential gaps are shorter than their mean.
		require.InDelta(t, 0.632, float64(near)/float64(len(seen)), 0.03)
	})
}
