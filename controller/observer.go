package controller

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

// observer asks one instance again and again and keeps what it saw. Its methods
// may be called from several goroutines.
type observer struct {
	db        Database
	detection Detection
	now       func() time.Time
	log       *slog.Logger
	// changed is called after everything new, and must not block.
	changed func()
	poke    chan struct{}
	well    *atomic.Bool // nothing is to be done, and everybody answers
	tasks   sync.WaitGroup

	mu      sync.Mutex
	process Process
	// forgiven is how many of Process.Failures do not count, because a process
	// answered after them: whoever kills it again and again spoils no data.
	forgiven int
	seen     seen
	// hurry is until when it asks as often as can be, and hurries since when.
	hurry, hurries time.Time
}

// seen is what is known of one process. It starts anew with each process.
type seen struct {
	answer    topology.Answer
	notBefore time.Time // answers to older questions do not count
	probe     Sighting
	socket    Sighting // what the gateways' sockets saw
	// storage
	storage  memgraph.Storage
	known    bool
	learned  time.Time // when it became known
	doubted  bool      // it is asked again
	asking   bool
	settings *memgraph.Settings // nil until they are known
	warned   []string           // what was logged
	recovery time.Duration
}

// While clients wait, the time between two questions is a twentieth of the time for
// which they have waited, and between these: whatever there is to hear makes no outage
// more than 5 % longer. An answer costs a main five round trips and the loop a turn; a
// cluster that waits for seconds, for a process to start, asked 55 times a second.
const (
	hurried  = 15 * time.Millisecond
	hurrying = 100 * time.Millisecond
)

// calm is how many times longer it waits between two questions while all is well.
// An idle leader that asked 6 times a second more than the others took 4.3 ms of CPU a
// second more: each round trip wakes it up.
const calm = 2

// storageTimeout bounds a question for the data or the settings. It may hang behind a
// stalled commit; then it is asked again later.
const storageTimeout = time.Second

func (o *observer) run(ctx context.Context) {
	defer o.tasks.Wait()
	for ctx.Err() == nil {
		begun := o.now()
		_ = o.ask(ctx) // it is kept as evidence
		o.learnStorage(ctx)
		select {
		case <-ctx.Done():
		case <-o.poke:
		// From one question to the next: one that met silence has waited already, and
		// it takes several to prove it.
		case <-time.After(o.interval() - o.now().Sub(begun)):
		}
	}
}

func (o *observer) interval() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.hasten():
		return min(max(o.now().Sub(o.hurries)/20, hurried), hurrying)
	case o.seen.probe.Failures == 0 && o.well.Load():
		return calm * o.detection.ProbeInterval
	}
	return o.detection.ProbeInterval
}

// hasten tells whether clients wait: while all is well nobody does, and most of the
// questions of a cluster that has just opened its gate told nothing. The caller holds
// the lock.
func (o *observer) hasten() bool { return o.now().Before(o.hurry) && !o.well.Load() }

// hurryUntil makes it ask as often as it can until then, or until all is well. anew
// tells that all was well until now.
func (o *observer) hurryUntil(t time.Time, anew bool) {
	o.mu.Lock()
	if anew || !o.now().Before(o.hurry) {
		o.hurries = o.now()
	}
	later := t.After(o.hurry)
	if later {
		o.hurry = t
	}
	o.mu.Unlock()
	if later {
		o.askSoon()
	}
}

func (o *observer) askSoon() {
	select {
	case o.poke <- struct{}{}:
	default:
	}
}

// follow tells it what is known of the process now.
func (o *observer) follow(p Process) {
	o.mu.Lock()
	anew := p.ID != o.process.ID || p.Dead != o.process.Dead
	if p.Failures == 0 {
		o.forgiven = 0 // they are counted anew
	}
	if p.ID != o.process.ID {
		o.seen = seen{notBefore: o.now()}
	}
	o.process = p
	o.mu.Unlock()
	if anew {
		o.askSoon()
		o.changed()
	}
}

// ask puts one question and keeps the outcome.
func (o *observer) ask(ctx context.Context) error {
	o.mu.Lock()
	process := o.process
	o.mu.Unlock()
	if process.Dead {
		return errDead
	}
	sent := o.now()
	limited, cancel := context.WithTimeout(ctx, o.detection.ProbeTimeout)
	answer, err := o.db.Ask(limited)
	cancel()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	answer.Asked = sent
	if o.take(answer, err, sent, process) {
		o.changed()
	}
	return err
}

// take keeps the outcome of a question and tells whether it is news, or awaited.
func (o *observer) take(answer topology.Answer, err error, sent time.Time, process Process) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.process.ID != process.ID || sent.Before(o.seen.notBefore) {
		return false
	}
	before, failures := o.seen.answer, o.seen.probe.Failures
	o.seen.learn(answer, err, sent, process, o.now())
	if err == nil {
		o.forgiven = process.Failures + 1 // this start was none either
	}
	return err != nil || failures > 0 || o.hasten() ||
		answer.Role != before.Role || !slices.Equal(answer.Replicas, before.Replicas)
}

// knock asks even a process that is known to be dead, and keeps nothing of that.
func (o *observer) knock(ctx context.Context) error {
	err := o.ask(ctx)
	if !errors.Is(err, errDead) {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, o.detection.ProbeTimeout)
	defer cancel()
	_, err = o.db.Ask(limited)
	return err
}

var errDead = errors.New("its process is gone")

func (s *seen) learn(answer topology.Answer, err error, sent time.Time, process Process, now time.Time) {
	if err != nil {
		s.probe.fail(sent, err)
		return
	}
	if s.probe.Answered.IsZero() && !process.Started.IsZero() {
		s.recovery = now.Sub(process.Started)
	}
	s.probe = Sighting{Probes: true, Answered: sent}
	s.socket = Sighting{}
	if sent.After(s.answer.Asked) {
		s.answer = answer
	}
}

func (s *Sighting) fail(at time.Time, err error) {
	if s.Failures == 0 {
		s.FailingSince = at
	}
	s.Failures++
	s.Refused = errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

// socketRefused is what a gateway saw when it connected for a client.
func (o *observer) socketRefused(at time.Time) {
	o.mu.Lock()
	o.seen.socket.fail(at, syscall.ECONNREFUSED)
	o.mu.Unlock()
	o.askSoon()
}

// forget drops the last answer: a step is about to change the instance, and what
// it said before proves nothing any more.
func (o *observer) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.answer = topology.Answer{}
	o.seen.notBefore = o.now()
}

// forgetStorage drops what is known of the data: a registration gives an empty
// instance its main's UUID.
func (o *observer) forgetStorage() {
	o.mu.Lock()
	o.seen.known = false
	o.mu.Unlock()
	o.askSoon()
}

// storageAgain is the least time between two questions for data that are doubted.
const storageAgain = time.Second

// doubtStorage has the data asked for again; until there is an answer, the last
// one counts. A controller that does not lead is not told of the registration that
// gives an instance its main's UUID.
func (o *observer) doubtStorage() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.doubted = o.seen.known && o.now().Sub(o.seen.learned) >= storageAgain
}

// storageEvery is the time between two questions for data that nobody doubts: any
// client can change the storage mode, and what a main writes until that is noticed is
// on no replica although a failover goes by them. Seldom, for what a question costs: see calm.
const storageEvery = 10 * time.Second

// learnStorage asks for the data and the settings of a process before anything is built
// on them, and for the data again where they are doubted, and every now and then. It
// does so beside the questions, because it may hang behind a stalled commit; and not
// while clients wait, because statements wait for one another.
func (o *observer) learnStorage(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	stale := o.now().Sub(o.seen.learned) >= storageEvery && !o.hasten()
	if o.seen.known && !o.seen.doubted && !stale || o.seen.asking || o.seen.probe.Answered.IsZero() || o.seen.probe.Failures > 0 {
		return
	}
	o.seen.asking = true
	id, settings := o.process.ID, o.seen.settings
	o.tasks.Go(func() {
		if settings == nil {
			settings = o.readSettings(ctx)
		}
		limited, cancel := context.WithTimeout(ctx, storageTimeout)
		defer cancel()
		storage, err := o.db.Storage(limited)
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.process.ID != id {
			return
		}
		o.seen.asking, o.seen.settings = false, settings
		if err != nil {
			o.log.Debug("storage not known yet", "error", err)
			if o.seen.known && !o.seen.doubted {
				o.seen.learned = o.now() // it may hang, and other statements wait for it
			}
			return
		}
		news := !o.seen.known || o.seen.storage != storage
		o.seen.storage, o.seen.known = storage, true
		o.seen.learned, o.seen.doubted = o.now(), false
		o.warn()
		if news {
			o.changed()
		}
	})
}

// readSettings returns nil where they cannot be read now. Where a user may not see them
// nothing is known against them, for ever: that must not keep an instance from being
// trusted with anything.
func (o *observer) readSettings(ctx context.Context) *memgraph.Settings {
	limited, cancel := context.WithTimeout(ctx, storageTimeout)
	defer cancel()
	settings, err := o.db.Settings(limited)
	if err != nil {
		o.log.Debug("settings not known yet", "error", err)
		return nil
	}
	return &settings
}

// warn logs what is wrong with the settings, each once per process. The caller holds
// the lock.
func (o *observer) warn() {
	for _, warning := range o.seen.warnings() {
		if !slices.Contains(o.seen.warned, warning) {
			o.seen.warned = append(o.seen.warned, warning)
			o.log.Warn("unsafe setting", "setting", warning)
		}
	}
}

// warnings are those of the settings and of the storage mode.
func (s *seen) warnings() (list []string) {
	if s.settings != nil {
		list = append(list, s.settings.Warnings...)
	}
	if warning := s.storage.Warning(); warning != "" {
		list = append(list, warning)
	}
	return list
}

// unreplicated is the setting with which what the process writes reaches nobody.
func (s *seen) unreplicated() string {
	if s.settings != nil && s.settings.Unreplicated != "" {
		return s.settings.Unreplicated
	}
	return s.storage.Unreplicated()
}

// settingWarnings are what is known to be wrong with the settings of the process.
func (o *observer) settingWarnings() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seen.warnings()
}

// report is the instance as this observer sees it, without a verdict.
func (o *observer) report() (topology.Instance, Process, []Sighting) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, s := o.process, o.seen
	probe, socket := s.probe, s.socket
	probe.Observer, probe.Probes = "probe", true
	socket.Observer = "gateways"
	return topology.Instance{
		Name: p.Name, Bolt: p.Bolt, Replication: p.Replication, Terminating: p.Terminating, Moving: p.Moving,
		Process: p.ID, Started: p.Started, Recovery: s.recovery, Failures: max(0, p.Failures-o.forgiven), Answer: s.answer,
		Database: s.storage.UUID, Empty: s.storage.Empty, StorageKnown: s.known, Unreplicated: s.unreplicated(),
	}, p, []Sighting{probe, socket}
}
