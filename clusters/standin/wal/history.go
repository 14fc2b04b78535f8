package wal

// historyLimit is the number of epochs that Memgraph remembers.
const historyLimit = 1000

// Mark says how far an epoch came: its id and its last durable timestamp.
type Mark struct {
	Epoch string
	TS    uint64
}

// History lists the epochs that ended, oldest first. One epoch may stand in it
// twice: recovery enters the running epoch, and its end enters it again.
type History []Mark

// Track enters the end of an epoch. An epoch in which nothing became durable
// leaves no mark.
func (h History) Track(epoch string, ts uint64) History {
	if len(h) > 0 && h[len(h)-1].TS == ts {
		return h
	}
	if len(h) == historyLimit {
		h = h[1:]
	}
	return append(h[:len(h):len(h)], Mark{epoch, ts})
}

// Accepts tells whether a replica whose last transaction is ts of the given
// epoch holds nothing that this history does not. The first mark of the epoch
// decides, though a later one may reach further: Memgraph's false divergence
// (memgraph-observed 1.1).
func (h History) Accepts(epoch string, ts uint64) bool {
	for _, mark := range h {
		if mark.Epoch == epoch {
			return ts <= mark.TS
		}
	}
	return false
}

// LastWithCommit returns the epoch of the last transaction, given the running
// epoch and the last durable timestamp: an epoch without a transaction of its
// own does not count.
func (h History) LastWithCommit(epoch string, ts uint64) string {
	if len(h) > 0 && h[len(h)-1].TS == ts {
		return h[len(h)-1].Epoch
	}
	return epoch
}

// recovered enters a segment that was loaded up to ts and tells whether that
// began another epoch.
func (h History) recovered(epoch string, ts uint64) (History, bool) {
	if len(h) > 0 && h[len(h)-1].Epoch == epoch {
		h[len(h)-1].TS = ts
		return h, false
	}
	return append(h, Mark{epoch, ts}), true
}
