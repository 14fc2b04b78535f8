package login

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Tags of the messages of an opening. Bolt 1 calls its HELLO INIT.
const (
	tagHello   = 0x01
	tagGoodbye = 0x02
	tagLogon   = 0x6A

	tagSuccess = 0x70
	tagFailure = 0x7F
)

// magic opens every Bolt connection; four proposals of a version follow it.
const magic = "\x60\x60\xB0\x17"

const (
	handshakeSize = 20
	versionSize   = 4
)

// tlsRecord is the first byte of a TLS handshake.
const tlsRecord = 0x16

// goodbye ends a connection in order.
var goodbye = []byte{0, 2, 0xB0, tagGoodbye, 0, 0}

// handshake is what a client says first.
type handshake [handshakeSize]byte

// manifest is the proposal to negotiate by one (Bolt 5.7).
var manifest = []byte{0, 0, 1, 0xFF}

// strikeManifest takes that proposal out. Drivers that make it propose versions too.
func (h *handshake) strikeManifest() {
	left := magic
	for proposal := range slices.Chunk(h[len(magic):], versionSize) {
		if !bytes.Equal(proposal, manifest) {
			left += string(proposal)
		}
	}
	*h = handshake{}
	copy(h[:], left)
}

// version is a server's answer to a handshake: two unused bytes, minor, major.
type version [versionSize]byte

func (v version) String() string { return fmt.Sprintf("%d.%d", v[3], v[2]) }

// none: the server speaks nothing that was proposed.
func (v version) none() bool { return v == version{} }

// known tells whether this package knows how a session of this version opens.
func (v version) known() bool { return v[0] == 0 && v[1] == 0 && v[3] >= 1 && v[3] < 0xFF }

// logsOn tells whether credentials come in a LOGON instead of the HELLO: since 5.1.
func (v version) logsOn() bool { return v[3] > 5 || v[3] == 5 && v[2] >= 1 }

// alone proposes this version and no other.
func (v version) alone() []byte {
	h := make([]byte, handshakeSize)
	copy(h, magic)
	copy(h[len(magic):], v[:])
	return h
}

// failure is a FAILURE with a code and a message, each of less than 64 kB.
func failure(code, message string) []byte {
	content := []byte{0xB1, tagFailure, 0xA2}
	for _, entry := range []string{"code", code, "message", message} {
		content = append(content, 0xD1)
		content = binary.BigEndian.AppendUint16(content, uint16(len(entry)))
		content = append(content, entry...)
	}
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(content)))
	return append(append(framed, content...), 0, 0)
}
