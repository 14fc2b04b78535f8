package packstream_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"memgraph-controller/clusters/standin/bolt/packstream"
)

func TestMalformedMessagesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, hex, reason string }{
		{"nothing", "", "ends 2 bytes early"},
		{"no structure", "8141", "expected a structure, got marker 0x81"},
		{"a field is missing", "B101", "ends 1 bytes early"},
		{"a byte too many", "B10101 00", "1 bytes after the end"},
		{"an unknown marker", "B101C7", "unknown marker 0xC7"},
		{"half an integer", "B101CB0000", "ends 6 bytes early"},
		{"half a string", "B101 8541", "size of 5 declared with 1 bytes left"},
		{"a size that is cut off", "B101 D200", "ends 3 bytes early"},
		{"a list of 2^31 elements", "B101 D680000000", "size of 2147483648 declared"},
		{"a map of 2^32-1 entries", "B101 DAFFFFFFFF", "size of 4294967295 declared"},
		{"a string that is not UTF-8", "B101 82C328", "not UTF-8"},
		{"a key that is no string", "B101 A10101", "key is a int64"},
		{"a key that is null", "B101 A1C001", "not a string"},
		{"a key twice", "B101 A2816101816102", `key "a" twice`},
		{"lists in lists in lists", "B101" + strings.Repeat("91", 200) + "C0", "nested more than 100 levels"},
		{"a broken structure in a field", "B101 B24401", "ends 1 bytes early"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := packstream.Decode(unhex(t, c.hex))
			require.ErrorIs(t, err, packstream.ErrMalformed)
			require.ErrorContains(t, err, c.reason)
		})
	}
}

func TestNestingUpToTheLimitIsFine(t *testing.T) {
	_, err := packstream.Decode(unhex(t, "B101"+strings.Repeat("91", packstream.MaxDepth)+"C0"))
	require.NoError(t, err)
}

func TestAStructureInAFieldIsNamed(t *testing.T) {
	date := "B1 44 01"
	for _, h := range []string{"B101" + date, "B2 10 92 01" + date + " C0", "B101 A18161" + date} {
		_, err := packstream.Decode(unhex(t, h))
		var unsupported *packstream.StructError
		require.ErrorAs(t, err, &unsupported)
		require.Equal(t, byte(0x44), unsupported.Tag)
	}
}

// TestHostileSizesCostNoMemory declares, on every level that is allowed, a list
// nearly as long as the bytes that are left. Believed, they would cost 1600
// times the message; the innermost list, which is there, costs about 80 times
// as it grows.
func TestHostileSizesCostNoMemory(t *testing.T) {
	const length = 1 << 20
	message := append([]byte{0xB1, 0x01}, bytes.Repeat([]byte{0xD6, 0, 0x0F, 0, 0}, packstream.MaxDepth)...)
	message = append(message, make([]byte, length-len(message))...)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := packstream.Decode(message)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, packstream.ErrMalformed)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128*length))
}

// anyValue draws from the types that survive a round trip unchanged.
func anyValue(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Float64().AsAny(),
		rapid.String().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	return rapid.OneOf(append(scalars,
		rapid.SliceOfN(anyValue(depth-1), 0, 20).AsAny(),
		rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 20).AsAny())...)
}

func TestEveryMessageSurvivesARoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := packstream.Struct{
			Tag:    rapid.Byte().Draw(t, "tag"),
			Fields: rapid.SliceOfN(anyValue(3), 0, 5).Draw(t, "fields"),
		}
		encoded, err := packstream.AppendStruct(nil, want.Tag, packstream.V5, want.Fields...)
		require.NoError(t, err)
		got, err := packstream.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, want, got)

		cut := rapid.IntRange(0, len(encoded)-1).Draw(t, "cut")
		_, err = packstream.Decode(encoded[:cut])
		require.ErrorIs(t, err, packstream.ErrMalformed)
	})
}

// FuzzPackStream checks that what decodes encodes to something that decodes to
// the same.
func FuzzPackStream(f *testing.F) {
	for _, g := range golden {
		if encoded, err := packstream.AppendStruct(nil, 0x70, packstream.V5, g.value); err == nil && len(encoded) < 1000 {
			f.Add(encoded)
		}
	}
	f.Add([]byte{0xB1, 0x10, 0xB1, 0x44, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		message, err := packstream.Decode(b)
		if err != nil {
			return
		}
		encoded, err := packstream.AppendStruct(nil, message.Tag, packstream.V5, message.Fields...)
		require.NoError(t, err)
		again, err := packstream.Decode(encoded)
		require.NoError(t, err)
		canonical, err := packstream.AppendStruct(nil, again.Tag, packstream.V5, again.Fields...)
		require.NoError(t, err)
		require.Equal(t, encoded, canonical)
	})
}
