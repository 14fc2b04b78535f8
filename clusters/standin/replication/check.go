package replication

import (
	"context"
	"errors"
	"time"
)

var (
	errRefused  = errors.New("replication: the replica refused")
	errLinkBusy = errors.New("replication: the link is in use")
)

// asyncCheckPatience bounds how long a check of an ASYNC replica waits for the
// link, lest it wait for the very commit that waits for the worker.
const asyncCheckPatience = 5 * time.Second

// Check asks the replica where it stands and sets the status by the answer:
// ready, recovery (which it starts), or diverged. A replica that does not
// answer, or refuses, is invalid.
func (p *Peer) Check(ctx context.Context) {
	answer, err := p.heartbeat(ctx)
	switch {
	case errors.Is(err, errLinkBusy):
		return // the next heartbeat tries again
	case err != nil:
		p.Log.Debug("replica does not answer", "replica", p.Name, "error", err)
		p.set(Invalid)
		return
	case !answer.OK:
		// It obeys another main, or holds another storage.
		p.mu.Lock()
		defer p.mu.Unlock()
		p.aligned = false
		return
	}
	p.judge(ctx, answer)
}

func (p *Peer) heartbeat(ctx context.Context) (Response, error) {
	if p.Mode == Async {
		if err := p.client.AcquireWithin(ctx, asyncCheckPatience); err != nil {
			return Response{}, errLinkBusy
		}
	} else if err := p.client.Acquire(ctx); err != nil {
		return Response{}, err
	}
	defer p.client.Release()
	at := p.Source.Position()
	return p.client.Call(ctx, Request{Kind: Heartbeat, Main: at.Main, Storage: at.Storage})
}

func (p *Peer) judge(ctx context.Context, replica Response) {
	p.setTS(replica.TS)
	at := p.Source.Position()
	if replica.TS != 0 && replica.Epoch != at.Epoch && !at.History.Accepts(replica.Epoch, replica.TS) {
		p.Log.Info("replica holds transactions that this main does not", "replica", p.Name,
			"epoch", replica.Epoch, "timestamp", replica.TS, "history", at.History)
		p.set(Diverged)
		return
	}
	unlock, err := p.Source.LockEngine(ctx)
	if err != nil {
		return
	}
	defer unlock()
	// More than the main holds is fine within an epoch, whatever it is: a main
	// that lost power and came back with less is not noticed (memgraph.md 0.15).
	if replica.TS >= p.Source.Position().TS {
		p.set(Ready)
		return
	}
	p.set(Recovery)
	p.work.add(func(ctx context.Context) { p.recover(ctx, replica.TS) })
}

func (p *Peer) set(status Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

func (p *Peer) setTS(ts uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ts = ts
}
