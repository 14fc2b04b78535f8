package replication

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/wal"
)

func TestReadFrameRefusesALengthBeyondTheLimit(t *testing.T) {
	_, err := readFrame(bytes.NewReader(binary.BigEndian.AppendUint32(nil, MaxFrame+1)))
	require.ErrorIs(t, err, errFrameSize)
}

func TestRequestSurvivesTheWire(t *testing.T) {
	q := Request{
		Kind: PrepareCommit, Main: "m", Storage: "s", Epoch: "e", TS: 7, Previous: 5, Flag: true,
		Body: encodeTransactions([]wal.Transaction{{TS: 2, Payload: []byte("x")}, {TS: 4, Payload: []byte{}}}),
	}
	got, err := decodeRequest(q.encode())
	require.NoError(t, err)
	require.Equal(t, q, got)
	txs, err := got.Transactions()
	require.NoError(t, err)
	require.Equal(t, []wal.Transaction{{TS: 2, Payload: []byte("x")}, {TS: 4, Payload: []byte{}}}, txs)
}

func FuzzFrame(f *testing.F) {
	var whole bytes.Buffer
	_ = writeFrame(&whole, Request{Kind: WalFiles, Main: "m", Body: encodeTransactions([]wal.Transaction{{TS: 2}})}.encode())
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:5])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		if q, err := decodeRequest(message); err == nil {
			_, _ = q.Transactions()
			again, err := decodeRequest(q.encode())
			require.NoError(t, err)
			require.Equal(t, q, again)
		}
		if r, err := decodeResponse(message); err == nil {
			again, err := decodeResponse(r.encode())
			require.NoError(t, err)
			require.Equal(t, r, again)
		}
	})
}
