package packstream_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt/packstream"
	"memgraph-controller/clusters/standin/value"
)

// golden pairs values with their bytes as the PackStream specification gives
// them. Both directions use it.
var golden = []struct {
	name  string
	value any
	hex   string
}{
	{"null", nil, "C0"},
	{"true", true, "C3"},
	{"false", false, "C2"},
	{"float", 1.1, "C13FF199999999999A"},
	{"infinity", math.Inf(-1), "C1FFF0000000000000"},
	{"zero", int64(0), "00"},
	{"largest tiny integer", int64(127), "7F"},
	{"smallest tiny integer", int64(-16), "F0"},
	{"one below tiny", int64(-17), "C8EF"},
	{"smallest of 8 bits", int64(-128), "C880"},
	{"one above tiny", int64(128), "C90080"},
	{"smallest of 16 bits", int64(-32768), "C98000"},
	{"one above 16 bits", int64(32768), "CA00008000"},
	{"smallest of 32 bits", int64(math.MinInt32), "CA80000000"},
	{"one above 32 bits", int64(math.MaxInt32 + 1), "CB0000000080000000"},
	{"smallest of all", int64(math.MinInt64), "CB8000000000000000"},
	{"empty string", "", "80"},
	{"string", "Größe", "8747 72C3B6C39F65"},
	{"string of 16 bytes", strings.Repeat("A", 16), "D010" + strings.Repeat("41", 16)},
	{"string of 256 bytes", strings.Repeat("A", 256), "D10100" + strings.Repeat("41", 256)},
	{"string of 65536 bytes", strings.Repeat("A", 65536), "D200010000" + strings.Repeat("41", 65536)},
	{"no bytes", []byte{}, "CC00"},
	{"bytes", []byte{1, 2, 255}, "CC030102FF"},
	{"many bytes", make([]byte, 300), "CD012C" + strings.Repeat("00", 300)},
	{"empty list", []any{}, "90"},
	{"list", []any{int64(1), "a", nil, []any{true}}, "94018161C091C3"},
	{"list of 16", []any(make([]any, 16)), "D410" + strings.Repeat("C0", 16)},
	{"empty map", map[string]any{}, "A0"},
	{"map, in the order of its keys", map[string]any{"b": int64(2), "a": int64(1)}, "A2816101816202"},
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestValuesHaveTheBytesOfTheSpecification(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			encoded, err := packstream.Append(nil, packstream.V5, g.value)
			require.NoError(t, err)
			require.Equal(t, unhex(t, g.hex), encoded)

			message, err := packstream.Decode(append([]byte{0xB1, 0x70}, encoded...))
			require.NoError(t, err)
			require.Equal(t, packstream.Struct{Tag: 0x70, Fields: []any{g.value}}, message)
		})
	}
}

func TestIntegersOfMoreBytesThanNeededAreUnderstood(t *testing.T) {
	for _, h := range []string{"C805", "C90005", "CA00000005", "CB0000000000000005"} {
		message, err := packstream.Decode(unhex(t, "B101"+h))
		require.NoError(t, err)
		require.Equal(t, []any{int64(5)}, message.Fields, h)
	}
}

func TestNodesAndRelationshipsHaveElementIDsSinceBolt5(t *testing.T) {
	node := value.Node{ID: 1, Labels: []string{"X"}, Props: map[string]any{"id": int64(7)}}
	edge := value.Relationship{ID: 2, StartID: 1, EndID: 300, Type: "R"}
	for _, c := range []struct {
		name   string
		layout packstream.Layout
		value  any
		hex    string
	}{
		{"node in Bolt 4", packstream.V4, node, "B34E 01 918158 A182696407"},
		{"node in Bolt 5", packstream.V5, node, "B44E 01 918158 A182696407 8131"},
		{"relationship in Bolt 4", packstream.V4, edge, "B552 02 01 C9012C 8152 A0"},
		{"relationship in Bolt 5", packstream.V5, edge, "B852 02 01 C9012C 8152 A0 8132 8131 83333030"},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := packstream.Append(nil, c.layout, c.value)
			require.NoError(t, err)
			require.Equal(t, unhex(t, c.hex), encoded)
		})
	}
}

func TestAValueThatCannotBeSentLeavesNothingBehind(t *testing.T) {
	before := []byte("before")
	for _, odd := range []any{
		struct{}{},
		[]any{"a", uint8(1)},
		map[string]any{"a": []any{make(chan int)}},
		value.Node{Props: map[string]any{"a": int32(1)}},
	} {
		after, err := packstream.AppendStruct(before, 0x71, packstream.V5, []any{int64(1)}, odd)
		require.ErrorContains(t, err, "cannot send a value of type")
		require.True(t, bytes.Equal(before, after))
	}
}
