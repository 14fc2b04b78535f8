package replication

import (
	"context"
	"time"
)

// strikes is the number of heartbeats that must fail in a row before a replica
// is taken for lost: 3 s for one that refuses, 16 s for one that is silent.
const strikes = 3

// watch sends heartbeats: one per interval, or one right after the other where
// an answer takes longer.
func (p *Peer) watch() {
	defer close(p.watched)
	if p.Every == 0 {
		return
	}
	timer := time.NewTimer(p.Every)
	defer timer.Stop()
	failed := 0
	for {
		select {
		case <-p.resting:
			return
		case <-p.life.Done():
			return
		case <-timer.C:
		}
		begun := time.Now()
		if p.beat() {
			failed = 0
		} else if failed++; failed == strikes {
			p.lost()
		}
		timer.Reset(max(0, p.Every-time.Since(begun)))
	}
}

// beat sends one heartbeat and, where the replica may be behind, has it checked.
func (p *Peer) beat() bool {
	if _, err := p.client.Do(p.life, Request{Kind: FrequentHeartbeat}); err != nil {
		return false
	}
	p.Align()
	if status, _ := p.State(); status == Invalid {
		p.checkLater()
	}
	return true
}

func (p *Peer) lost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aligned, p.status = false, Invalid
}

// checkLater has the worker ask the replica where it stands. One check is
// enough, however many commits find the replica behind.
func (p *Peer) checkLater() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.checking {
		return
	}
	p.checking = true
	p.work.add(func(ctx context.Context) {
		p.mu.Lock()
		p.checking = false
		p.mu.Unlock()
		p.Check(ctx)
	})
}
