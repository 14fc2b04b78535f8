package replication

import (
	"context"
	"fmt"

	"memgraph-controller/clusters/standin/wal"
)

// batchSize is about how many bytes of transactions go into one WalFiles call.
const batchSize = 1 << 20

// catchUps is how often a recovery sends what was committed while it was under
// way before it leaves the rest to the next one.
const catchUps = 10

// recover sends the replica what it lacks after ts. Commits go on meanwhile; when
// they outrun it, the replica is invalid again and the next heartbeat starts
// another recovery.
func (p *Peer) recover(ctx context.Context, ts uint64) {
	if status, _ := p.State(); status != Recovery {
		return // an earlier recovery did it
	}
	p.Log.Debug("recovering a replica", "replica", p.Name, "from", ts)
	for n := 0; n == 0 || n < catchUps && ts != p.Source.Position().TS; n++ {
		var err error
		if ts, err = p.sendMissing(ctx, ts); err != nil {
			p.Log.Info("recovery of a replica failed", "replica", p.Name, "error", err)
			p.set(Invalid)
			return
		}
	}
	unlock, err := p.Source.LockEngine(ctx)
	if err != nil {
		return
	}
	defer unlock()
	p.setTS(ts)
	if ts == p.Source.Position().TS {
		p.set(Ready)
	} else {
		p.set(Invalid)
	}
}

func (p *Peer) sendMissing(ctx context.Context, ts uint64) (uint64, error) {
	missing, err := p.Source.Missing(ts)
	if err != nil {
		return ts, err
	}
	if missing.Snapshot != nil {
		body := missing.Snapshot.Encode()
		if ts, err = p.send(ctx, Request{Kind: Snapshot, Body: body}); err != nil {
			return ts, err
		}
	}
	for _, segment := range missing.Segments {
		for _, batch := range batches(segment.After(ts)) {
			request := Request{Kind: WalFiles, Epoch: segment.Epoch, Body: encodeTransactions(batch)}
			if ts, err = p.send(ctx, request); err != nil {
				return ts, err
			}
		}
	}
	return ts, nil
}

func (p *Peer) send(ctx context.Context, request Request) (uint64, error) {
	at := p.Source.Position()
	request.Main, request.Storage = at.Main, at.Storage
	response, err := p.client.Do(ctx, request)
	if err == nil && !response.OK {
		err = fmt.Errorf("%v: %w", request.Kind, errRefused)
	}
	return response.TS, err
}

// batches splits transactions by size; a batch holds at least one.
func batches(txs []wal.Transaction) [][]wal.Transaction {
	var all [][]wal.Transaction
	size, from := 0, 0
	for i, tx := range txs {
		if size += len(tx.Payload); size >= batchSize {
			all = append(all, txs[from:i+1])
			size, from = 0, i+1
		}
	}
	if from < len(txs) {
		all = append(all, txs[from:])
	}
	return all
}
