package workload

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOperationsAreDueWhetherOrNotTheOnesBeforeHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l, begin := &Load{}, time.Now()
		outage := make(chan struct{})
		var mu sync.Mutex
		var due []time.Duration
		l.atRate(ctx, 100, func(n int, at time.Time) {
			mu.Lock()
			assert.Equal(t, len(due), n)
			due = append(due, at.Sub(begin))
			mu.Unlock()
			assert.Equal(t, at, time.Now(), "it begins when it is due")
			<-outage
		})
		time.Sleep(95 * time.Millisecond)
		cancel()
		close(outage)
		l.clients.Wait()
		require.Len(t, due, 10)
		require.Equal(t, 90*time.Millisecond, due[9])
	})
}

func TestNoRateStartsNothing(t *testing.T) {
	l, began := &Load{}, atomic.Bool{}
	l.atRate(t.Context(), 0, func(int, time.Time) { began.Store(true) })
	l.clients.Wait()
	require.False(t, began.Load())
}

func TestAShareIsSpreadEvenly(t *testing.T) {
	for share, expected := range map[float64][]int{0: nil, 0.25: {3, 7, 11}, 0.5: {1, 3, 5, 7, 9, 11}, 1: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}} {
		var got []int
		for n := range 12 {
			if chosen(n, share) {
				got = append(got, n)
			}
		}
		require.Equal(t, expected, got, "share %v", share)
	}
}
