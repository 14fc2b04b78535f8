package cli

import (
	"fmt"
	"sync"
	"time"
)

const (
	// silentFor is how long nobody wonders whether something happens.
	silentFor = time.Second
	// againEvery is how often it is said that it still does.
	againEvery = 5 * time.Second
)

// during does something, and says what it is at once that takes longer than a second,
// and every five seconds from then on. It is said beside the output, which a program
// may read.
func (t *Terminal) during(what string, do func() error) error {
	defer t.mentioned(what)()
	return do()
}

// mentioned is during for what goes on until the function that it returns is called.
func (t *Terminal) mentioned(what string) (over func()) {
	done := make(chan struct{})
	var talk sync.WaitGroup
	talk.Go(func() { t.mention(what, done) })
	return func() {
		close(done)
		talk.Wait()
	}
}

// mention says what goes on until done is closed.
func (t *Terminal) mention(what string, done <-chan struct{}) {
	began := time.Now()
	timer := time.NewTimer(silentFor)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-timer.C:
			t.talking.Lock()
			fmt.Fprintf(t.Err, "%s (%s)\n", what, time.Since(began).Round(time.Second))
			t.talking.Unlock()
			timer.Reset(againEvery)
		}
	}
}
