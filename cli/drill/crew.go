package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"memgraph-controller/controller/memgraph"
)

// Gateway is where clients are sent.
type Gateway struct {
	// Name is what a person calls it.
	Name string
	// Dial prepares a connection through it.
	Dial func() memgraph.Link
	// Writes: its session writes.
	Writes bool
}

const (
	// pause is the time between two questions of a session: a gap is known to that.
	pause = 20 * time.Millisecond
	// newcomerEvery is the time between two new connections.
	newcomerEvery = 250 * time.Millisecond
	// patience is how long a client waits for an answer before it gives a connection
	// up: three times what is promised, so that what hangs shows as one long wait.
	patience = 15 * time.Second
	// enough is how many answers a session needs before anything is broken.
	enough = 10
	// hopeless is after how many errors in a row from the start nobody waits for them.
	hopeless = 50
)

// Crew is clients at work.
type Crew struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
	all    []*client
}

// client is what asks through one gateway.
type client struct {
	gateway Gateway
	node    *node // nil: it does not write

	mu        sync.Mutex
	answers   []time.Time
	waits     []wait
	lost      int
	refused   int
	lastError error
	errors    []string
}

// wait is how long a new connection took to have its first answer.
type wait struct {
	began time.Time
	took  time.Duration
	err   error
}

// Start sets clients to work. They end with Stop.
func Start(ctx context.Context, gateways []Gateway) *Crew {
	c := &Crew{}
	ctx, c.cancel = context.WithCancel(ctx)
	for _, g := range gateways {
		one := &client{gateway: g}
		if g.Writes {
			one.node = &node{}
		}
		c.all = append(c.all, one)
		c.work.Go(func() { one.session(ctx) })
		c.work.Go(func() { one.newcomers(ctx) })
	}
	return c
}

// Served waits until every session and a newcomer of each gateway were answered, or
// says who was not.
func (c *Crew) Served(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		missing, hopelessly := c.unserved()
		if missing == nil || hopelessly {
			return missing
		}
		select {
		case <-ctx.Done():
			return missing
		case <-time.After(pause):
		}
	}
}

// unserved says who was not answered so far, and whether there is no hope.
func (c *Crew) unserved() (missing error, hopelessly bool) {
	for _, one := range c.all {
		one.mu.Lock()
		answers, waits, errors, err := len(one.answers), len(one.waits), one.lost+one.refused, one.lastError
		one.mu.Unlock()
		if answers < enough || waits == 0 {
			return fmt.Errorf("clients of %s were answered %d times only (last error: %w)", one.gateway.Name, answers, orNone(err)), answers == 0 && errors > hopeless
		}
	}
	return nil, false
}

var errNone = errors.New("none")

func orNone(err error) error {
	if err == nil {
		return errNone
	}
	return err
}

// AnsweredSince tells whether the session of every gateway was answered after t.
func (c *Crew) AnsweredSince(t time.Time) bool {
	for _, one := range c.all {
		one.mu.Lock()
		n := len(one.answers)
		late := n > 0 && one.answers[n-1].After(t)
		one.mu.Unlock()
		if !late {
			return false
		}
	}
	return true
}

// Stop ends the clients, removes what they wrote, and says what they saw since a time.
func (c *Crew) Stop(ctx context.Context, since time.Time) []Seen {
	until := time.Now()
	c.cancel()
	c.work.Wait()
	var all []Seen
	for _, one := range c.all {
		seen := one.seen(since, until)
		if one.node != nil {
			seen.Writes, seen.Unsure = true, one.clean(ctx)
		}
		all = append(all, seen)
	}
	return all
}

// session asks over one connection, a new one after each that was lost.
func (c *client) session(ctx context.Context) {
	link := c.gateway.Dial()
	defer func() { link.Close(context.WithoutCancel(ctx)) }()
	for ctx.Err() == nil {
		err := c.ask(ctx, link)
		if ctx.Err() != nil {
			return
		}
		c.note(err)
		if err != nil && !answered(err) {
			link.Close(ctx)
			link = c.gateway.Dial()
		}
		sleep(ctx, pause)
	}
}

// ask asks once, or writes once.
func (c *client) ask(ctx context.Context, link memgraph.Link) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if c.node != nil {
		return c.node.write(ctx, link)
	}
	return ping(ctx, link)
}

func ping(ctx context.Context, link memgraph.Link) error {
	_, err := link.Run(ctx, "RETURN 1")
	return err
}

// note keeps what came of one question.
func (c *client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.answers = append(c.answers, time.Now())
		return
	case answered(err):
		c.refused++
	default:
		c.lost++
	}
	c.lastError = err
	c.remember(err)
}

// newcomers opens connections one after the other and asks once over each.
func (c *client) newcomers(ctx context.Context) {
	for ctx.Err() == nil {
		w := c.newcomer(ctx)
		if ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		c.waits = append(c.waits, w)
		if w.err != nil {
			c.lastError = w.err
			c.remember(w.err)
		}
		c.mu.Unlock()
		sleep(ctx, newcomerEvery)
	}
}

func (c *client) newcomer(ctx context.Context) wait {
	w := wait{began: time.Now()}
	link := c.gateway.Dial()
	defer link.Close(context.WithoutCancel(ctx))
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w.err = ping(limited, link)
	w.took = time.Since(w.began)
	return w
}

// answered tells whether an error is the database's own word.
func answered(err error) bool {
	_, ok := errors.AsType[*memgraph.Failure](err)
	return ok || errors.Is(err, errNodeGone)
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
