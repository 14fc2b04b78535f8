package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

func TestSizesAreThoseOfTheMessages(t *testing.T) {
	require.Len(t, Request(7), RequestSize)
	require.Equal(t, 7, Rows(Request(7)))
	require.Equal(t, 1<<20, Rows(Request(1<<20)))
	require.Equal(t, 64, RowSize)
	answer := Tail(Row(Row(Head(nil))))
	require.Len(t, answer, AnswerSize(2))
}

// A tracker that lost a session would not do the work that is to be measured.
func TestTheGatewaysTrackerFollowsEveryMessage(t *testing.T) {
	tracker := boltframe.Track()
	tracker.Client([]byte(Handshake), gateway.Nowhere)
	tracker.Server([]byte(Version))
	for range 3 {
		require.Equal(t, RequestSize, tracker.Client(Request(2), gateway.Nowhere))
		require.True(t, tracker.State().Owing)
		tracker.Server(Tail(Row(Row(Head(nil)))))
		require.Equal(t, gateway.State{}, tracker.State())
	}
}
