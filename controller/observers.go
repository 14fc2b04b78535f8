package controller

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// observers keeps one observer per instance of the fleet.
type observers struct {
	fleet     Fleet
	connect   func(Process) (Database, error)
	detection Detection
	now       func() time.Time
	log       *slog.Logger
	changed   func()
	well      atomic.Bool

	listing sync.Mutex // held from a look at the fleet until it is taken over
	mu      sync.Mutex
	all     map[string]*watched
	synced  bool // the fleet was looked at
}

// watched is a running observer.
type watched struct {
	*observer
	stop context.CancelFunc
	done chan struct{}
}

// run follows the fleet until ctx ends, and then ends every observer.
func (o *observers) run(ctx context.Context) {
	defer o.stopAll()
	for {
		o.sync(ctx)
		select {
		case <-ctx.Done():
			return
		case <-o.fleet.Changes():
		}
	}
}

// sync brings the observers in line with the fleet's list.
func (o *observers) sync(ctx context.Context) {
	o.listing.Lock()
	defer o.listing.Unlock()
	listed := map[string]bool{}
	for _, p := range o.fleet.List() {
		listed[p.Name] = true
		o.follow(ctx, p)
	}
	for _, name := range o.names() {
		if !listed[name] {
			o.end(name)
			o.changed()
		}
	}
	o.mu.Lock()
	o.synced = true
	o.mu.Unlock()
}

// follow tells the observer of a process what the fleet knows of it. An instance
// whose address changed is a new one, with an observer of its own.
func (o *observers) follow(ctx context.Context, p Process) {
	w := o.get(p.Name)
	if w != nil && !w.at(p) {
		o.end(p.Name)
		w = nil
	}
	if w == nil {
		w = o.start(ctx, p)
	}
	if w != nil {
		w.follow(p)
	}
}

// ready tells whether the instances are known. Before that an instance that is
// not there proves nothing.
func (o *observers) ready() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.synced
}

// refresh takes over at once what the fleet knows of one instance, for a caller
// that has just changed it: whatever was known of the process before is gone
// when it returns, at whatever address it was. A new observer ends with ctx.
func (o *observers) refresh(ctx context.Context, name string) {
	o.listing.Lock()
	defer o.listing.Unlock()
	for _, p := range o.fleet.List() {
		if p.Name == name && o.get(name) != nil {
			o.follow(ctx, p)
		}
	}
}

func (o *observer) at(p Process) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.process.Bolt == p.Bolt && o.process.Replication == p.Replication
}

func (o *observers) start(ctx context.Context, p Process) *watched {
	db, err := o.connect(p)
	if err != nil {
		o.log.Error("instance cannot be observed", "instance", p.Name, "error", err)
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	w := &watched{
		observer: &observer{
			db: db, detection: o.detection, now: o.now, changed: o.changed, process: p, well: &o.well,
			log: o.log.With("instance", p.Name), poke: make(chan struct{}, 1),
		},
		stop: stop, done: make(chan struct{}),
	}
	go func() {
		defer close(w.done)
		defer db.Close()
		w.run(ctx)
	}()
	o.mu.Lock()
	o.all[p.Name] = w
	o.mu.Unlock()
	return w
}

func (o *observers) end(name string) {
	o.mu.Lock()
	w := o.all[name]
	delete(o.all, name)
	o.mu.Unlock()
	w.stop()
	<-w.done
}

func (o *observers) stopAll() {
	for _, name := range o.names() {
		o.end(name)
	}
}

func (o *observers) get(name string) *watched {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[name]
}

func (o *observers) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	names := make([]string, 0, len(o.all))
	for name := range o.all {
		names = append(names, name)
	}
	return names
}

// byBolt finds the observer of the instance at a Bolt address.
func (o *observers) byBolt(address string) *watched {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range o.all {
		if w.boltAddress() == address {
			return w
		}
	}
	return nil
}

func (o *observer) boltAddress() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.process.Bolt
}

// hurryUntil makes all of them hurry. Until the loop has looked again, nothing is well.
func (o *observers) hurryUntil(t time.Time) {
	anew := o.well.Swap(false)
	for _, name := range o.names() {
		if w := o.get(name); w != nil {
			w.hurryUntil(t, anew)
		}
	}
}
