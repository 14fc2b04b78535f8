package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIDsAreReadOutOfSeveralMessages(t *testing.T) {
	packet := func(id byte) []byte {
		other := attribute(5, []byte{1, 2, 3, 4}) // an interface, which does not matter
		return message(messagePacket, 4, append(other, attribute(packetHeader, []byte{0, 0, 1, id, 8, 0, 3})...))
	}
	text := append(packet(1), packet(2)...)
	require.Equal(t, []uint32{0x101, 0x102}, ids(text))
	require.Empty(t, ids(message(messageConfig, 4, nil)), "another message")
	require.Equal(t, []uint32{0x101}, ids(text[:len(text)-1]), "half a message")
}
