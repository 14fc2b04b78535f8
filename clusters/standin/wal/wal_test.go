package wal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/wal"
)

func newLog(d disk.Disk, next uint64) *wal.Log {
	return &wal.Log{Disk: d, FlushEvery: 100, MaxSegment: 1 << 20, Next: next}
}

func id(epoch string) wal.Identity { return wal.Identity{Storage: "S", Epoch: epoch} }

func tx(ts uint64) wal.Transaction {
	return wal.Transaction{TS: ts, Payload: fmt.Appendf(nil, "payload %d", ts)}
}

func appendAll(t *testing.T, log *wal.Log, epoch string, stamps ...uint64) {
	t.Helper()
	for _, ts := range stamps {
		require.NoError(t, log.Append(id(epoch), tx(ts)))
	}
}

func recovered(t *testing.T, d disk.Disk) wal.Recovered {
	t.Helper()
	r, err := wal.Recover(d)
	require.NoError(t, err)
	return r
}

func TestRecoverOfAnEmptyDiskFindsNothing(t *testing.T) {
	require.Equal(t, wal.Recovered{}, recovered(t, &disk.Memory{}))
}

func TestRecoverReturnsEveryTransactionInOrder(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	appendAll(t, log, "E0", 2, 4)
	appendAll(t, log, "E1", 7)
	require.NoError(t, log.Close())

	r := recovered(t, &d)
	require.Equal(t, []wal.Transaction{tx(2), tx(4), tx(7)}, r.Transactions)
	require.Equal(t, uint64(7), r.TS)
	require.Equal(t, uint64(2), r.Next)
	require.Equal(t, id("E1"), r.Identity)
	require.Equal(t, wal.History{{Epoch: "E0", TS: 4}, {Epoch: "E1", TS: 7}}, r.History)
	require.Empty(t, r.Dropped)
}

func TestRecoverMakesOneMarkOfAnEpochThatRestarted(t *testing.T) {
	var d disk.Memory
	appendAll(t, newLog(&d, 0), "E0", 2)
	appendAll(t, newLog(&d, recovered(t, &d).Next), "E0", 4)
	require.Equal(t, wal.History{{Epoch: "E0", TS: 4}}, recovered(t, &d).History)
}

func TestRecoverLeavesOutWhatWasPreparedAndNotDecided(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	require.NoError(t, log.Prepare(id("E0"), tx(2)))
	require.NoError(t, log.Decide(2))
	require.NoError(t, log.Prepare(id("E0"), tx(4))) // aborted
	require.NoError(t, log.Prepare(id("E0"), tx(6)))
	require.NoError(t, log.Decide(6))
	require.NoError(t, log.Prepare(id("E0"), tx(8))) // in doubt
	r := recovered(t, &d)
	require.Equal(t, []wal.Transaction{tx(2), tx(6)}, r.Transactions)
	require.Equal(t, uint64(6), r.TS)
}

func TestMissingComesFromMemoryWhereThatReachesBack(t *testing.T) {
	var d disk.Memory
	appendAll(t, newLog(&d, 0), "E0", 2, 4)
	log := newLog(&d, recovered(t, &d).Next)
	require.NoError(t, log.Append(id("E0"), tx(6)))
	require.NoError(t, log.Prepare(id("E1"), tx(8)))
	require.NoError(t, log.Decide(8))
	for since, want := range map[uint64][]uint64{2: {4, 6, 8}, 4: {6, 8}, 6: {8}, 8: nil} {
		plan, err := log.Missing("S", since)
		require.NoError(t, err)
		var got []uint64
		for _, s := range plan.Segments {
			for _, tx := range s.After(since) {
				got = append(got, tx.TS)
			}
		}
		require.Equal(t, want, got, "after %d", since)
	}
	require.NoError(t, d.Remove("wal/0000000000.wal"))
	_, err := log.Missing("S", 2)
	require.Error(t, err, "what is older comes from the files")
	plan, err := log.Missing("S", 6)
	require.NoError(t, err)
	require.Equal(t, "E1", plan.Segments[0].Epoch)
}

func TestDecisionAfterTheSegmentWasClosedIsRefused(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	require.NoError(t, log.Append(id("E0"), tx(2)))
	require.NoError(t, log.Prepare(id("E0"), tx(4)))
	require.NoError(t, log.Rotate())
	require.ErrorContains(t, log.Decide(4), "4")
	require.Equal(t, []wal.Transaction{tx(2)}, recovered(t, &d).Transactions)
}

func TestRecoverCutsTheTornEndAndNamesIt(t *testing.T) {
	for cut := 1; cut < 19; cut++ {
		var d disk.Memory
		appendAll(t, newLog(&d, 0), "E0", 2, 4)
		data, err := d.Read("wal/0000000000.wal")
		require.NoError(t, err)
		require.NoError(t, d.Replace("wal/0000000000.wal", data[:len(data)-cut]))

		r := recovered(t, &d)
		require.Equal(t, []wal.Transaction{tx(2)}, r.Transactions, "cut %d", cut)
		require.Len(t, r.Dropped, 1)
		require.Contains(t, r.Dropped[0], "wal/0000000000.wal")

		appendAll(t, newLog(&d, r.Next), "E0", 4)
		r = recovered(t, &d)
		require.Equal(t, []wal.Transaction{tx(2), tx(4)}, r.Transactions)
		require.Empty(t, r.Dropped, "the torn end is gone for good")
	}
}

func TestRecoverRefusesDamageBeforeTheEnd(t *testing.T) {
	damage := map[string]func(t *testing.T, d *disk.Memory){
		"a flipped bit": func(t *testing.T, d *disk.Memory) {
			data, err := d.Read("wal/0000000001.wal")
			require.NoError(t, err)
			data[len(data)-1] ^= 1
			require.NoError(t, d.Replace("wal/0000000001.wal", data))
		},
		"a missing segment": func(t *testing.T, d *disk.Memory) { require.NoError(t, d.Remove("wal/0000000001.wal")) },
		"a missing header": func(t *testing.T, d *disk.Memory) {
			require.NoError(t, d.Replace("wal/0000000001.wal", []byte("rubbish")))
		},
	}
	for name, break1 := range damage {
		t.Run(name, func(t *testing.T) {
			var d disk.Memory
			log := newLog(&d, 0)
			for i, epoch := range []string{"E0", "E1", "E2"} {
				appendAll(t, log, epoch, uint64(2*i+2))
			}
			break1(t, &d)
			_, err := wal.Recover(&d)
			require.ErrorContains(t, err, "wal/0000000001.wal")
		})
	}
}

func TestRecoverRefusesALogWithoutItsBeginning(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	appendAll(t, log, "E0", 2)
	appendAll(t, log, "E1", 4)
	require.NoError(t, d.Remove("wal/0000000000.wal"))
	_, err := wal.Recover(&d)
	require.ErrorContains(t, err, "missing")
}

func TestRecoverContinuesASnapshotAndItsHistory(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	appendAll(t, log, "E0", 2, 4)
	bad := wal.History{{Epoch: "E0", TS: 2}, {Epoch: "E0", TS: 4}}
	_, err := wal.WriteSnapshot(&d, "1", wal.Snapshot{Identity: id("E1"), TS: 4, History: bad, Payload: []byte("all")}, 3)
	require.NoError(t, err)

	r := recovered(t, &d)
	require.Equal(t, "E1", r.Epoch, "without a transaction in it the epoch lives on in the snapshot")
	require.Equal(t, bad, r.History, "a snapshot keeps a bad history")
	require.Equal(t, "all", string(r.Snapshot))
	require.Empty(t, r.Transactions)

	appendAll(t, log, "E1", 6)
	r = recovered(t, &d)
	require.Equal(t, []wal.Transaction{tx(6)}, r.Transactions)
	require.Equal(t, append(bad, wal.Mark{Epoch: "E1", TS: 6}), r.History)
}

func TestRecoverPassesOverAnUnreadableSnapshot(t *testing.T) {
	var d disk.Memory
	appendAll(t, newLog(&d, 0), "E0", 2)
	require.NoError(t, d.Replace("snapshots/1", []byte("standin snapshot 1\nrubbish")))
	r := recovered(t, &d)
	require.Equal(t, uint64(2), r.TS)
	require.Len(t, r.Dropped, 1)
	require.Contains(t, r.Dropped[0], "snapshots/1")
}

func TestLogKeepsUnsyncedTransactionsOnlyUntilThePowerFails(t *testing.T) {
	var d disk.Memory
	log := &wal.Log{Disk: &d, FlushEvery: 2, MaxSegment: 1 << 20}
	appendAll(t, log, "E0", 2, 4, 6)
	require.Len(t, recovered(t, &d).Transactions, 3, "a killed process loses nothing")
	d.PowerLoss()
	require.Equal(t, []wal.Transaction{tx(2), tx(4)}, recovered(t, &d).Transactions)
}

func TestSnapshotsAreKeptWithTheSegmentsTheyNeed(t *testing.T) {
	var d disk.Memory
	log := &wal.Log{Disk: &d, FlushEvery: 100, MaxSegment: 1} // a segment each
	for i := 1; i <= 6; i++ {
		ts := uint64(2 * i)
		appendAll(t, log, "E0", ts)
		_, err := wal.WriteSnapshot(&d, fmt.Sprint(i), wal.Snapshot{Identity: id("E0"), TS: ts, Payload: []byte{1}}, 3)
		require.NoError(t, err)
	}
	files, err := wal.Snapshots(&d, "S")
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Equal(t, uint64(8), files[0].TS)
	names, err := d.List("wal")
	require.NoError(t, err)
	require.Equal(t, []string{"0000000003.wal", "0000000004.wal", "0000000005.wal"}, names)
	require.Equal(t, uint64(12), recovered(t, &d).TS)
}

func TestMissingAfterSendsSegmentsWhereTheyReachBack(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	appendAll(t, log, "E0", 2, 4)
	appendAll(t, log, "E1", 6)
	for _, since := range []uint64{0, 2, 3} {
		plan, err := wal.MissingAfter(&d, "S", since)
		require.NoError(t, err)
		require.Nil(t, plan.Snapshot)
		require.Len(t, plan.Segments, 2, "since %d", since)
	}
	plan, err := wal.MissingAfter(&d, "S", 4)
	require.NoError(t, err)
	require.Len(t, plan.Segments, 1)
	require.Equal(t, "E1", plan.Segments[0].Epoch)
}

func TestMissingAfterStartsWithTheSnapshotWhereTheLogIsTooShort(t *testing.T) {
	var d disk.Memory
	log := &wal.Log{Disk: &d, FlushEvery: 100, MaxSegment: 1}
	appendAll(t, log, "E0", 2, 4, 6)
	_, err := wal.WriteSnapshot(&d, "1", wal.Snapshot{Identity: id("E0"), TS: 4, Payload: []byte("all")}, 3)
	require.NoError(t, err)
	require.NoError(t, d.Remove("wal/0000000000.wal"))

	plan, err := wal.MissingAfter(&d, "S", 0)
	require.NoError(t, err)
	require.NotNil(t, plan.Snapshot)
	require.Len(t, plan.Segments, 1)
	require.Equal(t, uint64(6), plan.Segments[0].To())

	require.NoError(t, d.Remove("snapshots/1"))
	_, err = wal.MissingAfter(&d, "S", 0)
	require.ErrorContains(t, err, "reaches back")
}

func TestInstallReplacesEverything(t *testing.T) {
	var d disk.Memory
	log := newLog(&d, 0)
	appendAll(t, log, "old", 2, 4)
	s := wal.Snapshot{Identity: id("E0"), TS: 8, History: wal.History{{Epoch: "E", TS: 3}}, Payload: []byte("all")}
	require.NoError(t, log.Install("9", s))
	appendAll(t, log, "E0", 10)
	r := recovered(t, &d)
	require.Equal(t, uint64(8), r.SnapshotTS)
	require.Equal(t, []wal.Transaction{tx(10)}, r.Transactions)
	require.Equal(t, uint64(1), r.Next)
}

func TestSetAsideLeavesNothingToRecover(t *testing.T) {
	var d disk.Memory
	appendAll(t, newLog(&d, 0), "E0", 2)
	require.NoError(t, wal.SetAside(&d))
	require.Zero(t, recovered(t, &d).TS)
	_, err := d.Read("backup/wal/0000000000.wal")
	require.NoError(t, err)
}

func FuzzWAL(f *testing.F) {
	var d disk.Memory
	log := newLog(&d, 0)
	_ = log.Append(id("E0"), tx(2))
	_ = log.Prepare(id("E0"), tx(4))
	_ = log.Decide(4)
	whole, _ := d.Read("wal/0000000000.wal")
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add([]byte("standin wal 1\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		var d disk.Memory
		require.NoError(t, d.Replace("wal/0000000000.wal", data))
		first, err := wal.Recover(&d)
		if err != nil {
			return // a whole header of a later segment
		}
		again, err := wal.Recover(&d)
		require.NoError(t, err)
		require.Equal(t, first.Transactions, again.Transactions, "what was kept is whole")
		require.Empty(t, again.Dropped, "what was dropped is gone")
		if left, _ := d.Read("wal/0000000000.wal"); len(left) < len(data) {
			require.NotEmpty(t, first.Dropped, "what is dropped is named")
		}
	})
}

func FuzzSnapshot(f *testing.F) {
	f.Add(wal.Snapshot{Identity: id("E0"), TS: 4, History: wal.History{{Epoch: "E", TS: 2}}, Payload: []byte("all")}.Encode())
	f.Add([]byte("standin snapshot 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := wal.DecodeSnapshot(data)
		if err != nil {
			return
		}
		again, err := wal.DecodeSnapshot(s.Encode())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
