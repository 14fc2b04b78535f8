package bolt

import (
	"bufio"
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func chunksOf(b []byte, max int) *chunkReader {
	return &chunkReader{from: bufio.NewReader(bytes.NewReader(b)), max: max}
}

func TestMessagesSurviveBeingChunked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(65_530, 65_540), rapid.IntRange(131_060, 131_080)), 1, 5).Draw(t, "sizes")
		var wire bytes.Buffer
		w := chunkWriter{to: &wire}
		for i, size := range sizes {
			w.add(bytes.Repeat([]byte{byte(i)}, size))
		}
		require.NoError(t, w.flush())

		r := chunksOf(wire.Bytes(), 1<<20)
		for i, size := range sizes {
			message, err := r.next()
			require.NoError(t, err)
			require.Equal(t, bytes.Repeat([]byte{byte(i)}, size), message)
		}
		_, err := r.next()
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestAMessageMayComeInAnyChunks(t *testing.T) {
	message, err := chunksOf([]byte{0, 0, 0, 1, 'a', 0, 2, 'b', 'c', 0, 0}, 3).next()
	require.NoError(t, err)
	require.Equal(t, "abc", string(message))
}

func TestAMessageMayBeAsLongAsTheLimit(t *testing.T) {
	_, err := chunksOf([]byte{0, 2, 'a', 'b', 0, 1, 'c', 0, 0}, 2).next()
	require.ErrorIs(t, err, errTooLong)
}

// TestADeclaredChunkCostsWhatHasArrived: thousands of clients may each declare
// a large chunk and then wait.
func TestADeclaredChunkCostsWhatHasArrived(t *testing.T) {
	r := chunksOf([]byte{0xFF, 0xFF, 'a'}, 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := r.next()
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<10))
}

func TestTheMemoryOfALongAnswerIsGivenBack(t *testing.T) {
	w := chunkWriter{to: io.Discard}
	w.add(make([]byte, 10*flushAt))
	require.True(t, w.full())
	require.NoError(t, w.flush())
	require.Zero(t, cap(w.out))
}

// FuzzChunks reads messages out of anything; they are the same when they are
// written and read again.
func FuzzChunks(f *testing.F) {
	f.Add([]byte{0, 2, 'a', 'b', 0, 0, 0, 0, 0, 1, 'c', 0, 0})
	f.Add([]byte{0xFF, 0xFF, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1000
		r := chunksOf(b, limit)
		var messages [][]byte
		for {
			message, err := r.next()
			if err != nil {
				break
			}
			require.NotEmpty(t, message)
			require.LessOrEqual(t, len(message), limit)
			messages = append(messages, message)
		}
		var wire bytes.Buffer
		w := chunkWriter{to: &wire}
		for _, m := range messages {
			w.add(m)
		}
		require.NoError(t, w.flush())
		again := chunksOf(wire.Bytes(), limit)
		for _, want := range messages {
			got, err := again.next()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}
