package replication

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"memgraph-controller/clusters/standin/wal"
)

// Mode says what a main does about a replica before it acknowledges a commit.
type Mode string

const (
	Async      Mode = "async"       // nothing
	Sync       Mode = "sync"        // waits for it, and commits in any case
	StrictSync Mode = "strict_sync" // commits only with its vote
)

// Status is a main's idea of a replica, as SHOW REPLICAS calls it. Nothing is
// asked for it: it is what the last call has shown.
type Status string

const (
	Ready       Status = "ready"
	Replicating Status = "replicating" // a transaction is on its way
	Recovery    Status = "recovery"    // is being brought up to date
	Invalid     Status = "invalid"     // unreachable, refuses us, or missed something
	Diverged    Status = "diverged"    // holds what the main does not; final
)

// Position is where a main stands.
type Position struct {
	Main    string // uuid of the main
	Storage string // uuid of its storage
	Epoch   string
	TS      uint64 // last durable timestamp
	History wal.History
}

// Source is the main that peers belong to.
type Source interface {
	Position() Position
	// LockEngine keeps commits out until the function it returns is called.
	LockEngine(ctx context.Context) (unlock func(), err error)
	// Missing returns what a replica lacks that holds everything up to ts.
	Missing(ts uint64) (wal.Missing, error)
}

// PeerConfig describes a registered replica.
type PeerConfig struct {
	Name    string
	Address string
	Mode    Mode
	Dial    Dial
	Gate    Gate
	Source  Source
	Every   time.Duration // between heartbeats; 0 for none
	Log     *slog.Logger
}

// Peer is one registered replica, seen from its main. It runs two goroutines:
// a watch that sends heartbeats, and a worker for everything that commits do
// not wait for. Methods may be called concurrently.
type Peer struct {
	PeerConfig
	client *Client

	life    context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	resting chan struct{} // closed to stop the watch between two heartbeats
	watched chan struct{} // closed when the watch has ended
	work    queue

	mu       sync.Mutex // never held across a call
	status   Status
	ts       uint64 // of the replica's last transaction, as far as is known
	aligned  bool   // SystemRecovery has succeeded since the last loss of contact
	checking bool   // a check is queued
}

// NewPeer returns a peer in status Invalid. Nothing is sent before Greet, and
// no goroutine runs before Start.
func NewPeer(ctx context.Context, config PeerConfig) *Peer {
	life, end := context.WithCancel(ctx)
	return &Peer{
		PeerConfig: config,
		client:     NewClient(config.Address, config.Dial, config.Gate),
		life:       life, end: end,
		resting: make(chan struct{}), watched: make(chan struct{}),
		work:   queue{ready: make(chan struct{}, 1)},
		status: Invalid,
	}
}

// Claim makes the replica obey this main and nobody else: SwapMainUUID.
func (p *Peer) Claim() error {
	response, err := p.client.Do(p.life, Request{Kind: SwapMainUUID, Main: p.Source.Position().Main})
	if err == nil && !response.OK {
		return errRefused
	}
	return err
}

// Align sends SystemRecovery unless it has succeeded since contact was lost:
// an empty replica takes the storage uuid over, and every replica deletes its
// users.
func (p *Peer) Align() {
	p.mu.Lock()
	aligned := p.aligned
	p.mu.Unlock()
	if aligned {
		return
	}
	at := p.Source.Position()
	response, err := p.client.Do(p.life, Request{Kind: SystemRecovery, Main: at.Main, Storage: at.Storage})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aligned = err == nil && response.OK
}

// Start begins to watch the replica. The first heartbeat comes after one
// interval.
func (p *Peer) Start() {
	p.running.Go(p.runWorker)
	p.running.Go(p.watch)
}

// State returns status and timestamp for SHOW REPLICAS.
func (p *Peer) State() (Status, uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status, p.ts
}

// Idle waits, up to a limit, until the worker has nothing left to do.
func (p *Peer) Idle(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.work.idle():
		return true
	case <-p.life.Done():
		return true
	case <-timer.C:
		return false
	}
}

// Close ends everything. A heartbeat that waits for its answer is given that
// time: demoting a main takes 5 s at worst with a silent replica
// (memgraph-observed 1.2).
func (p *Peer) Close(grace time.Duration) {
	close(p.resting)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.watched:
	case <-timer.C:
	case <-p.life.Done():
	}
	p.Kill()
}

// Kill ends everything at once. It may be called on a peer that was not
// started, and on one that is closed.
func (p *Peer) Kill() {
	p.end()
	p.client.Abort()
	p.running.Wait()
}
