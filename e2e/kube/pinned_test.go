package kube

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGapOfAPinnedSessionCountsTheEdges(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	p := &Pinned{acks: []time.Time{at(-1), at(1), at(2), at(9)}}
	require.Equal(t, 3*time.Second, p.Gap(start, at(5)), "until the end")
	require.Equal(t, 7*time.Second, p.Gap(start, at(10)))
	require.Equal(t, time.Second, p.Gap(at(2), at(3)), "nothing was acknowledged")
	require.Equal(t, at(9), p.Last())
}

func TestAPinnedSessionKnowsWhatWasAcknowledged(t *testing.T) {
	p := &Pinned{}
	require.True(t, p.Last().IsZero())
	p.note(1, nil)
	p.note(2, errors.New("cut"))
	require.Equal(t, []int64{1}, p.wrote)
	require.Len(t, p.Errors(), 1)
	require.WithinDuration(t, time.Now(), p.Last(), time.Minute)
}
