package standin

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

// engine is the storage: the graph, its log, and the logical clock that starts
// and commits of transactions take their timestamps from.
type engine struct {
	// lock is Memgraph's engine lock. Every transaction takes it to begin, and
	// a commit holds it until its replicas have confirmed: while one waits for
	// a silent replica nothing begins, reads and RETURN 1 included.
	lock  semaphore
	graph *graph.Store
	disk  disk.Disk
	log   *wal.Log
	flags Flags

	loading atomic.Bool // a snapshot of the main is being loaded

	mu       sync.Mutex // never held across a wait
	storage  string     // uuid
	epoch    string
	history  wal.History
	durable  uint64 // timestamp of the last durable transaction
	clock    uint64 // the next timestamp
	snapshot uint64 // durable when the last snapshot was taken
	pending  *prepared
}

// prepared is a transaction of a two-phase commit that this replica has voted
// for: applied, as Memgraph does, so that one that does not fit gets no vote.
type prepared struct {
	ts     uint64
	deltas []graph.Delta
	tx     *graph.Tx

	deciding bool // its decision is being carried out, which is not interrupted
}

func newEngine(d disk.Disk, flags Flags, chance *chance) *engine {
	return &engine{
		lock: newSemaphore(), graph: graph.New(), disk: d, flags: flags,
		log: &wal.Log{
			Disk:       d,
			FlushEvery: flags.StorageWALFileFlushEveryNTx,
			MaxSegment: flags.StorageWALFileSizeKiB << 10,
		},
		storage: chance.uuid(), epoch: chance.uuid(),
	}
}

// recover loads what the disk holds. The notes say what had to be left out.
func (e *engine) recover() (notes []string, err error) {
	found, err := wal.Recover(e.disk)
	if err != nil || found.Identity == (wal.Identity{}) {
		return found.Dropped, err
	}
	if found.Snapshot != nil {
		if err := e.load(found.SnapshotTS, found.Snapshot); err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
	}
	for _, tx := range found.Transactions {
		if err := e.load(tx.TS, tx.Payload); err != nil {
			return nil, fmt.Errorf("write-ahead log: %w", err)
		}
	}
	e.storage, e.epoch, e.history = found.Storage, found.Epoch, found.History
	e.durable, e.clock, e.log.Next = found.TS, found.TS+1, found.Next
	e.snapshot = found.SnapshotTS
	return found.Dropped, nil
}

func (e *engine) load(ts uint64, payload []byte) error {
	deltas, err := decodeDeltas(payload)
	if err != nil {
		return err
	}
	return e.graph.Apply(ts, deltas)
}

// begin opens a transaction. While a replica loads a snapshot it gives up after
// --storage-access-timeout-sec.
func (e *engine) begin(ctx context.Context) (*graph.Tx, error) {
	if e.loading.Load() {
		if !e.lock.lockWithin(ctx, e.flags.StorageAccessTimeout) {
			return nil, errStorageBusy
		}
	} else if err := e.lock.lock(ctx); err != nil {
		return nil, err
	}
	defer e.lock.unlock()
	e.tick()
	return e.graph.Begin(), nil
}

// tick takes the next timestamp.
func (e *engine) tick() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	ts := e.clock
	e.clock++
	return ts
}

// identity is what the next transaction is logged under.
func (e *engine) identity() wal.Identity {
	e.mu.Lock()
	defer e.mu.Unlock()
	return wal.Identity{Storage: e.storage, Epoch: e.epoch}
}

// position is where the storage stands, for a main with the given uuid.
func (e *engine) position(main string) replication.Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	return replication.Position{Main: main, Storage: e.storage, Epoch: e.epoch, TS: e.durable, History: e.history}
}

func (e *engine) setDurable(ts uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.durable = ts
}

// leaveEpoch notes the end of the running epoch and begins another one: a new
// one with a promotion, the main's with its first transaction.
func (e *engine) leaveEpoch(next string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.history = e.history.Track(e.epoch, e.durable)
	e.epoch = next
	e.clock = max(e.clock, e.durable+1)
}

func encodeDeltas(deltas []graph.Delta) []byte {
	var payload []byte
	for _, d := range deltas {
		payload = graph.AppendDelta(payload, d)
	}
	return payload
}

func decodeDeltas(payload []byte) ([]graph.Delta, error) {
	var deltas []graph.Delta
	for len(payload) > 0 {
		d, n, err := graph.DecodeDelta(payload)
		if err != nil {
			return nil, err
		}
		deltas = append(deltas, d)
		payload = payload[n:]
	}
	return deltas, nil
}
