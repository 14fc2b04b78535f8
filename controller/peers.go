package controller

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Peers is where the other controllers of a cluster are.
type Peers interface {
	// List returns every controller that is known, sorted by name, this one
	// included or not. It never blocks.
	List() []Peer
	// Refresh returns when List holds every controller that existed when it was
	// called: one that is started later reads the record that is stored now.
	Refresh(ctx context.Context) error
}

// Peer is one controller.
type Peer struct {
	Name string
	// Address is the host:port of its HTTP API; empty while it is not known.
	Address string
	// Gone: its process is known to be dead. This is proof, not suspicion.
	Gone bool
}

const (
	// peerInterval is the time between two questions to one peer. A write gateway
	// that only they can vouch for falls silent when three answers in a row are
	// missing.
	peerInterval = 400 * time.Millisecond
	// peerHurried is the same while a gate is not open and its gateways are waited
	// for, or an instance does not answer.
	peerHurried = 20 * time.Millisecond
	// peerCalm is the same while all is well and the record can be read. It is less
	// than peerFresh.
	peerCalm = 800 * time.Millisecond
	// peerTimeout bounds one question.
	peerTimeout = 500 * time.Millisecond
	// peerFresh is how old a report may be and still count as an observation.
	peerFresh = time.Second
)

// peers keeps asking the other controllers. Its methods may be called from
// several goroutines.
type peers struct {
	self     string
	source   Peers // nil: there are no others
	ask      func(ctx context.Context, p Peer) (api.Report, error)
	now      func() time.Time
	changed  func() // an answer was news
	answered func() // there was an answer
	poke     chan struct{}
	log      *slog.Logger

	mu    sync.Mutex
	all   map[string]*peer
	heard uint64 // the newest epoch that any of them ever knew of
	hurry time.Time
	calm  time.Time
}

// peer is what is known of one of them.
type peer struct {
	report   api.Report
	sent     time.Time // when the question was sent that report answers; zero: none
	received time.Time
	asking   bool
}

// run asks until ctx ends.
func (p *peers) run(ctx context.Context) {
	if p.source == nil {
		return
	}
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for ctx.Err() == nil {
		for _, one := range p.due() {
			tasks.Go(func() { p.question(ctx, one) })
		}
		select {
		case <-ctx.Done():
		case <-p.poke:
		case <-time.After(p.interval()):
		}
	}
}

// others lists every controller but this one.
func (p *peers) others() []Peer {
	if p.source == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.source.List()), func(one Peer) bool { return one.Name == p.self })
}

// due returns the peers that can be asked now, and forgets those that are no more.
func (p *peers) due() (list []Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	listed := map[string]bool{}
	for _, one := range p.others() {
		listed[one.Name] = true
		known := p.all[one.Name]
		if known == nil {
			known = &peer{}
			p.all[one.Name] = known
		}
		if !one.Gone && one.Address != "" && !known.asking {
			known.asking = true
			list = append(list, one)
		}
	}
	for name := range p.all {
		if !listed[name] {
			delete(p.all, name)
		}
	}
	return list
}

func (p *peers) question(ctx context.Context, one Peer) {
	limited, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	sent := p.now()
	report, err := p.ask(limited, one)
	p.mu.Lock()
	known := p.all[one.Name]
	if known == nil { // it is not listed any more
		p.mu.Unlock()
		return
	}
	known.asking = false
	changed := err == nil && (report.Epoch != known.report.Epoch || report.Applied != known.report.Applied)
	if err == nil {
		known.report, known.sent, known.received = report, sent, p.now()
		p.heard = max(p.heard, report.Epoch)
	}
	p.mu.Unlock()
	if err != nil {
		p.log.Debug("controller does not answer", "controller", one.Name, "error", err)
		return
	}
	p.answered()
	if changed {
		p.changed()
	}
}

func (p *peers) interval() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch now := p.now(); {
	case now.Before(p.hurry):
		return peerHurried
	case now.Before(p.calm):
		return peerCalm
	}
	return peerInterval
}

// hurryUntil makes it ask as often as it can until then, beginning now.
func (p *peers) hurryUntil(t time.Time) {
	p.mu.Lock()
	begins := !p.now().Before(p.hurry)
	p.hurry = t
	p.mu.Unlock()
	if begins {
		select {
		case p.poke <- struct{}{}:
		default:
		}
	}
}

// calmUntil makes it ask seldom until then, where it need not hurry.
func (p *peers) calmUntil(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm = t
}

// newest is the newest epoch that any of them has heard of. It never falls.
func (p *peers) newest() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

// touch is the last time at which a majority of all controllers, this one
// included, was in touch and none of it had heard of a newer epoch; zero if it
// never was. A leader makes a majority hear of an epoch before it relies on the
// silence of a gateway, and two majorities have one in common: so a gateway that
// is vouched for like this follows the newest route that anybody relies on.
func (p *peers) touch(epoch uint64, controllers int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	var times []time.Time
	for _, one := range p.all {
		if !one.sent.IsZero() && one.report.Epoch <= epoch {
			times = append(times, one.sent)
		}
	}
	needed := controllers / 2 // besides this one
	if needed == 0 || len(times) < needed {
		return time.Time{}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return times[needed-1]
}

// knowing counts who knows an epoch, this controller included.
func (p *peers) knowing(epoch uint64) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 1
	for _, one := range p.all {
		if one.report.Epoch >= epoch {
			n++
		}
	}
	return n
}

// known is what the others said last.
func (p *peers) known() (list []api.ControllerStatus) {
	listed := p.others()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range listed {
		status := api.ControllerStatus{Name: one.Name, Gone: one.Gone}
		if known := p.all[one.Name]; known != nil {
			status.Answered, status.Epoch = known.sent, known.report.Epoch
			status.Applied, status.Silenced = known.report.Applied, known.report.Silenced
			status.Gateways = known.report.Gateways
		}
		list = append(list, status)
	}
	return list
}

// gateways is what the others say of their gateways under an epoch, without a
// verdict on those that say nothing. heard is when each was last heard of. Who
// says that it is silenced and has heard of the epoch stays so until it follows.
func (p *peers) gateways(epoch uint64) (list []topology.Gateway, heard map[string]time.Time) {
	listed := p.others()
	p.mu.Lock()
	defer p.mu.Unlock()
	heard = map[string]time.Time{}
	for _, one := range listed {
		g := topology.Gateway{Name: one.Name, Gone: one.Gone}
		if known := p.all[one.Name]; known != nil {
			g.Epoch, heard[one.Name] = known.report.Applied, known.sent
			g.Silenced = known.report.Silenced && known.report.Epoch >= epoch
		}
		list = append(list, g)
	}
	return list, heard
}

// sightings is what the others saw of one process lately.
func (p *peers) sightings(instance, process string) (list []Sighting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for name, one := range p.all {
		if one.sent.IsZero() || now.Sub(one.sent) > peerFresh {
			continue
		}
		for _, o := range one.report.Instances {
			if o.Instance == instance && o.Process == process {
				list = append(list, one.sighting(name, o))
			}
		}
	}
	slices.SortFunc(list, func(a, b Sighting) int { return cmp.Compare(a.Observer, b.Observer) })
	return list
}

// sighting places a peer's ages on this clock such that no evidence seems older
// than it is: answers as old as they can be, failures as young.
func (p *peer) sighting(name string, o api.Observation) Sighting {
	s := Sighting{Observer: name, Probes: true, Failures: o.Failures, Refused: o.Refused}
	if o.Answered != nil {
		s.Answered = p.sent.Add(-time.Duration(*o.Answered))
	}
	if o.Failures > 0 {
		s.FailingSince = p.received.Add(-time.Duration(o.Failing))
	}
	return s
}

// observation is what this controller's own observer saw, for the others.
func observation(process Process, s Sighting, now time.Time) api.Observation {
	o := api.Observation{Instance: process.Name, Process: process.ID, Failures: s.Failures, Refused: s.Refused}
	if !s.Answered.IsZero() {
		age := api.Duration(now.Sub(s.Answered))
		o.Answered = &age
	}
	if s.Failures > 0 {
		o.Failing = api.Duration(now.Sub(s.FailingSince))
	}
	return o
}
