package replication

import (
	"context"
	"errors"
	"net"
	"time"

	"memgraph-controller/clusters/standin/wal"
)

// Why a replica that had to confirm a transaction did not, in Memgraph's words
// (from 3.10 on they reach the client).
const (
	notReachable = "replica is not reachable or not in sync with the main"
	callFailed   = "RPC communication error"
	callTimedOut = "RPC timeout while replicating"
	hasDiverged  = "replica has diverged from main"
)

// asyncCommitPatience is how long a commit waits for the link of an ASYNC
// replica before it leaves that replica behind.
const asyncCommitPatience = 50 * time.Millisecond

// Failure is a replica that did not confirm a transaction.
type Failure struct {
	Replica string
	Mode    Mode
	Reason  string
}

// Round is the replication of one transaction. Rounds of a main follow one
// another; its engine lock sees to that.
type Round struct {
	legs []leg
	tx   wal.Transaction
	at   Position
}

// leg is one replica's part; where open, it holds the lock of the link.
type leg struct {
	peer *Peer
	open bool
	why  string
}

// Begin opens the links to the replicas that are ready. Those that are not get
// a check instead, and miss the transaction.
func Begin(ctx context.Context, peers []*Peer, at Position, tx wal.Transaction) *Round {
	r := &Round{tx: tx, at: at}
	for _, p := range peers {
		open, why := p.join(ctx)
		r.legs = append(r.legs, leg{peer: p, open: open, why: why})
	}
	return r
}

// TwoPhase tells whether a STRICT_SYNC replica votes.
func (r *Round) TwoPhase() bool {
	for _, l := range r.legs {
		if l.peer.Mode == StrictSync {
			return true
		}
	}
	return false
}

// Ship sends the transaction and waits for the replicas that have to confirm
// it. In a two-phase round only the voters get it, and Finish must follow.
// It ends early only when ctx does, in which case the outcome is unknown.
func (r *Round) Ship(ctx context.Context) []Failure {
	var failures []Failure
	twoPhase := r.TwoPhase()
	for i := range r.legs {
		l := &r.legs[i]
		var confirmed bool
		switch {
		case l.peer.Mode == StrictSync:
			confirmed = r.prepare(ctx, l)
		case twoPhase:
			confirmed = true // ASYNC waits for the decision; SYNC is forgotten (memgraph.md A.5)
		case l.peer.Mode == Async:
			r.hand(l)
			confirmed = true
		default:
			confirmed = r.commit(ctx, l)
		}
		if !confirmed {
			failures = append(failures, Failure{l.peer.Name, l.peer.Mode, l.why})
		}
	}
	return failures
}

// Finish tells the outcome of a two-phase round to the voters, and sends a
// committed transaction to the ASYNC replicas. A voter that cannot be told is
// not reported: Memgraph then acknowledges a commit that a promotion of the
// voter has discarded (memgraph-observed 1.6).
func (r *Round) Finish(ctx context.Context, commit bool) {
	for i := range r.legs {
		l := &r.legs[i]
		switch {
		case !l.open:
		case l.peer.Mode == Async && commit:
			r.hand(l)
		case l.peer.Mode == StrictSync:
			request := Request{Kind: FinalizeCommit, Main: r.at.Main, Storage: r.at.Storage, TS: r.tx.TS, Flag: commit}
			if _, err := l.peer.client.Call(ctx, request); err != nil {
				l.peer.Log.Debug("voter was not told the outcome", "replica", l.peer.Name, "commit", commit, "error", err)
			}
			l.close()
		default:
			// The replica stays replicating, so it will miss the next
			// transaction and be checked then.
			l.close()
		}
	}
}

func (l *leg) close() {
	if l.open {
		l.open = false
		l.peer.client.Release()
	}
}

// join takes a replica into a round; on success the link's lock is held.
func (p *Peer) join(ctx context.Context) (open bool, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.status {
	case Recovery:
		return false, notReachable
	case Replicating:
		p.status = Invalid // it misses this transaction; a heartbeat finds out
		return false, notReachable
	case Invalid:
		p.mu.Unlock()
		p.checkLater()
		p.mu.Lock()
		return false, notReachable
	case Diverged:
		return false, hasDiverged
	}
	p.mu.Unlock()
	err := p.open(ctx)
	p.mu.Lock()
	switch {
	case err != nil:
		p.status = Invalid
		return false, notReachable
	case p.status != Ready: // lost meanwhile; the transaction is sent all the same
		return true, ""
	}
	p.status = Replicating
	return true, ""
}

// open takes the lock of the link and connects it.
func (p *Peer) open(ctx context.Context) error {
	var err error
	if p.Mode == Async {
		err = p.client.AcquireWithin(ctx, asyncCommitPatience)
	} else {
		err = p.client.Acquire(ctx)
	}
	if err != nil {
		return err
	}
	if err := p.client.Connect(ctx); err != nil {
		p.client.Release()
		return err
	}
	return nil
}

// inStep tells whether the replica is still taking part in this round. One
// that a recovery has made ready in the meantime lacks the transaction.
func (l *leg) inStep() bool {
	p := l.peer
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status == Ready {
		p.status = Invalid
	}
	if p.status != Replicating && l.open {
		l.why = notReachable
	}
	return p.status == Replicating && l.open
}

// prepare asks for a vote. The link stays locked for Finish unless the call
// failed.
func (r *Round) prepare(ctx context.Context, l *leg) bool {
	if !l.inStep() {
		l.close()
		return false
	}
	response, err := l.peer.client.Call(ctx, r.request(true))
	if err != nil {
		l.close()
	}
	return l.settle(r.tx.TS, response, err)
}

// commit sends the transaction for good and waits for the answer.
func (r *Round) commit(ctx context.Context, l *leg) bool {
	defer l.close()
	if !l.inStep() {
		return false
	}
	response, err := l.peer.client.Call(ctx, r.request(false))
	return l.settle(r.tx.TS, response, err)
}

// hand gives the transaction to the worker of an ASYNC replica.
func (r *Round) hand(l *leg) {
	if !l.inStep() {
		l.close()
		return
	}
	work := *l
	l.open = false // the task has the lock now
	l.peer.work.add(func(ctx context.Context) {
		defer work.close()
		response, err := work.peer.client.Call(ctx, r.request(false))
		work.settle(r.tx.TS, response, err)
	})
}

func (r *Round) request(vote bool) Request {
	return Request{
		Kind: PrepareCommit, Main: r.at.Main, Storage: r.at.Storage, Epoch: r.at.Epoch,
		TS: r.tx.TS, Previous: r.at.TS, Flag: vote, Body: r.tx.Payload,
	}
}

// settle sets the status by a replica's answer to PrepareCommit. A vote counts
// as the transaction: if the round is then aborted, SHOW REPLICAS shows the
// voter ahead of its main (transcript 06).
func (l *leg) settle(ts uint64, response Response, err error) bool {
	p := l.peer
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.Log.Info("could not replicate", "replica", p.Name, "error", err)
		p.status, l.why = Invalid, callFailed
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			l.why = callTimedOut
		}
		return false
	}
	if p.status != Replicating {
		l.why = notReachable
		return false
	}
	if !response.OK {
		p.status, l.why = Invalid, notReachable
		return false
	}
	p.status, p.ts = Ready, ts
	return true
}
