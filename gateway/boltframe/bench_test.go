package boltframe_test

import (
	"bytes"
	"testing"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// BenchmarkServer follows rows of 64 bytes, as they come in buffers of 16 kB.
func BenchmarkServer(b *testing.B) {
	row := message(append([]byte{0xB1, 0x71, 0x91, 0xD0, 54}, make([]byte, 54)...)...)
	rows := bytes.Repeat(row, 16<<10/len(row))
	tracker := boltframe.Track()
	tracker.Client(join(handshake(), run, pull), gateway.Nowhere)
	tracker.Server(version(2, 5))
	b.SetBytes(int64(len(rows)))
	for b.Loop() {
		tracker.Server(rows)
	}
	if tracker.State().Lost {
		b.Fatal("the tracker is lost")
	}
}
