package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// notes tells of the work as it goes on: the survivors, in their order whatever
// the order in which they are found, and how far it has come.
type notes struct {
	mu            sync.Mutex
	out, progress io.Writer
	list          []mutant
	verdicts      map[int]verdict
	told          int // so many of the list were looked at
	began         time.Time
}

func newNotes(out, progress io.Writer, list []mutant) *notes {
	return &notes{out: out, progress: progress, list: list, verdicts: map[int]verdict{}, began: time.Now()}
}

func (n *notes) take(i int, v verdict) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.verdicts[i] = v
	for {
		v, known := n.verdicts[n.told]
		if !known {
			break
		}
		if v == survived {
			fmt.Fprintln(n.out, n.list[n.told])
		}
		n.told++
	}
	if done := len(n.verdicts); done%100 == 0 || done == len(n.list) {
		fmt.Fprintf(n.progress, "%d of %d tried, %s\n", done, len(n.list), n.took())
	}
}

func (n *notes) took() time.Duration { return time.Since(n.began).Round(time.Second) }

// sum ends the notes with the totals and returns the percentage that was killed.
// What does not compile is no change that anybody could have made.
func (n *notes) sum() float64 {
	count := map[verdict]int{}
	for _, v := range n.verdicts {
		count[v]++
	}
	tried := len(n.verdicts) - count[invalid]
	rate := 100.0
	if tried > 0 {
		rate = 100 * float64(tried-count[survived]) / float64(tried)
	}
	fmt.Fprintf(n.out, "%d of %d mutants killed (%.1f %%), %d of them by the time limit; %d survived; %d more do not compile; %s\n",
		tried-count[survived], tried, rate, count[timedOut], count[survived], count[invalid], n.took())
	return rate
}
