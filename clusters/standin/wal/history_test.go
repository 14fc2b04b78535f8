package wal_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/wal"
)

func TestHistoryAcceptsByTheFirstMarkOfAnEpoch(t *testing.T) {
	clean := wal.History{}.Track("E0", 8)
	require.True(t, clean.Accepts("E0", 8))
	require.True(t, clean.Accepts("E0", 4), "a replica that lags")
	require.False(t, clean.Accepts("E0", 10), "a replica with one transaction too many")
	require.False(t, clean.Accepts("E1", 1), "an epoch that the main never had")

	poisoned := wal.History{{Epoch: "E0", TS: 4}}.Track("E0", 8)
	require.False(t, poisoned.Accepts("E0", 8), "equal data, refused: memgraph-observed 1.1")
}

func TestHistoryLeavesNoMarkForAnEpochWithoutTransactions(t *testing.T) {
	h := wal.History{{Epoch: "E0", TS: 4}}
	require.Equal(t, h, h.Track("E1", 4))
	require.Equal(t, "E0", h.LastWithCommit("E1", 4))
	require.Equal(t, "E1", h.LastWithCommit("E1", 6))
	require.Equal(t, "E1", wal.History(nil).LastWithCommit("E1", 0))
}

func TestHistoryRemembersAThousandEpochs(t *testing.T) {
	var h wal.History
	for i := range 1005 {
		h = h.Track(strconv.Itoa(i), uint64(2*i+2))
	}
	require.Len(t, h, 1000)
	require.Equal(t, "5", h[0].Epoch)
	require.Equal(t, "1004", h[999].Epoch)
}

func TestHistoryTrackDoesNotChangeTheOldOne(t *testing.T) {
	base := wal.History{{Epoch: "E0", TS: 2}}.Track("E1", 4)
	one := base.Track("E2", 6)
	other := base.Track("E3", 8)
	require.Equal(t, "E2", one[2].Epoch)
	require.Equal(t, "E3", other[2].Epoch)
}
