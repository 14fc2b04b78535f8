package graph_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/graph"
)

// increment adds one to a counter, or says why not.
func increment(s *graph.Store, counter *graph.Vertex, ts *atomic.Uint64) error {
	tx := s.Begin()
	defer tx.Abort()
	n, err := tx.Property(counter, "n")
	if err != nil {
		return err
	}
	if err := tx.SetProperty(counter, "n", n.(int64)+1); err != nil {
		return err
	}
	if _, err := tx.CreateVertex([]string{"Event"}, props{"n": n}); err != nil {
		return err
	}
	if _, err := tx.Seal(); err != nil {
		return err
	}
	tx.Commit(ts.Add(1))
	return nil
}

func TestConcurrentWritersLoseNoUpdate(t *testing.T) {
	s := graph.New()
	createIndex(t, s, "Event", "n")
	createUnique(t, s, "Event", "n")
	counter := addVertex(t, s, "Counter", props{"n": int64(0)})
	var ts atomic.Uint64
	var done atomic.Int64
	var writers, readers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 300 {
				switch err := increment(s, counter, &ts); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, graph.ErrConflict):
					t.Errorf("increment: %v", err)
				}
			}
		})
	}
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				tx := s.Begin()
				n, err := tx.Property(counter, "n")
				events := len(all(tx, graph.Filter{Label: "Event"}))
				tx.Abort()
				if err != nil || n != int64(events) {
					t.Errorf("a snapshot with counter %v and %d events: %v", n, events, err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()

	require.Positive(t, done.Load())
	require.Equal(t, done.Load(), get(t, s.Begin(), counter, "n"))
	vertices, _ := s.Counts()
	require.Equal(t, done.Load()+1, vertices)
}
