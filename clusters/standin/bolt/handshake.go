package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"memgraph-controller/clusters/standin/bolt/packstream"
)

// preamble is what every Bolt connection begins with. Four proposals of four
// bytes follow it.
const (
	preamble      = 0x6060B017
	proposals     = 4
	handshakeSize = 4 + 4*proposals
)

// version is a version of Bolt.
type version struct{ major, minor byte }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v version) atLeast(major, minor byte) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// layout is how nodes and relationships look in this version.
func (v version) layout() packstream.Layout {
	if v.major >= 5 {
		return packstream.V5
	}
	return packstream.V4
}

// offered are the versions that Memgraph 3.6 offers (memgraph-observed 4).
// Memgraph 3.12 added 4.4.
func offered(bolt44 bool) []version {
	versions := []version{{1, 0}, {4, 0}, {4, 1}, {4, 3}, {5, 2}}
	if bolt44 {
		versions = append(versions, version{4, 4})
	}
	return versions
}

var errNoCommonVersion = errors.New("the client proposes no version of Bolt that is offered here")

// shakeHands reads the client's proposals and answers with the version chosen.
func shakeHands(r io.Reader, w io.Writer, offer []version) (version, error) {
	var hello [handshakeSize]byte
	if _, err := io.ReadFull(r, hello[:]); err != nil {
		return version{}, fmt.Errorf("handshake: %w", err)
	}
	if binary.BigEndian.Uint32(hello[:]) != preamble {
		return version{}, fmt.Errorf("handshake: begins with % X, which is not Bolt", hello[:4])
	}
	v, ok := choose(hello[4:], offer)
	if !ok {
		return version{}, fmt.Errorf("handshake: %w: % X", errNoCommonVersion, hello[4:])
	}
	if _, err := w.Write([]byte{0, 0, v.minor, v.major}); err != nil {
		return version{}, fmt.Errorf("handshake: %w", err)
	}
	return v, nil
}

// choose takes the first version that is offered, in the client's order. A
// proposal is (0, range, minor, major), which stands for minor, minor-1, ...,
// minor-range. A proposal of zeros ends the list. The proposal of a manifest
// (FF 01, Bolt 5.7 and later) reads as a version 255.1, which nobody offers:
// Memgraph knows no more of it.
func choose(hello []byte, offer []version) (version, bool) {
	for p := range slices.Chunk(hello, 4) {
		span, minor, major := p[1], p[2], p[3]
		if major == 0 && minor == 0 {
			break
		}
		for back := range int(min(span, minor)) + 1 {
			if v := (version{major, minor - byte(back)}); slices.Contains(offer, v) {
				return v, true
			}
		}
	}
	return version{}, false
}
