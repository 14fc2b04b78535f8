package standin

import (
	"fmt"
	"time"

	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/wal"
)

// snapshotName is like Memgraph's: the time, and how far the content reaches.
func (i *Instance) snapshotName(ts uint64) string {
	now := time.Now().UTC()
	return fmt.Sprintf("%s%06d_timestamp_%d", now.Format("20060102150405"), now.Nanosecond()/1000, ts)
}

// createSnapshot writes a snapshot and returns its path. It waits for a commit
// in flight.
func (i *Instance) createSnapshot() (string, error) {
	if err := i.engine.lock.lock(i.life); err != nil {
		return "", err
	}
	at := i.engine.position("")
	content := i.engine.graph.Snapshot()
	i.engine.lock.unlock()
	defer content.Close()
	payload, err := dump(content)
	if err != nil {
		return "", err
	}
	path, err := wal.WriteSnapshot(i.engine.disk, i.snapshotName(at.TS), wal.Snapshot{
		Identity: wal.Identity{Storage: at.Storage, Epoch: at.Epoch},
		TS:       at.TS, History: at.History, Payload: payload,
	}, max(1, i.config.StorageSnapshotRetentionCount))
	if err != nil {
		return "", err
	}
	i.engine.mu.Lock()
	defer i.engine.mu.Unlock()
	i.engine.snapshot = at.TS
	return path, nil
}

func dump(content *graph.Snapshot) ([]byte, error) {
	var payload []byte
	err := content.Dump(func(d graph.Delta) error {
		payload = graph.AppendDelta(payload, d)
		return nil
	})
	return payload, err
}

// maySnapshot: before 3.7.2 replicas may not.
func (i *Instance) maySnapshot() bool {
	return i.isMain() || i.version.atLeast(3, 8) || i.version.minor == 7 && i.version.patch >= 2
}

// snapshotDue tells whether a periodic or final snapshot would hold anything
// that the last one does not.
func (i *Instance) snapshotDue() bool {
	if !i.maySnapshot() {
		return false
	}
	i.engine.mu.Lock()
	defer i.engine.mu.Unlock()
	return i.engine.durable > i.engine.snapshot
}

// snapshotPeriodically runs until the instance ends.
func (i *Instance) snapshotPeriodically() {
	ticker := time.NewTicker(i.config.StorageSnapshotInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-i.life.Done():
			return
		}
		if !i.snapshotDue() {
			continue
		}
		if _, err := i.createSnapshot(); err != nil && i.life.Err() == nil {
			i.log.Error("periodic snapshot failed", "error", err)
		}
	}
}
