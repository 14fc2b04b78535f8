// Package packstream encodes and decodes PackStream, the binary format of the
// values and messages inside Bolt.
//
//	message, err := packstream.Decode(payload)      // one whole message
//	payload, err = packstream.AppendStruct(nil, 0x70, packstream.V5, metadata)
//
// It knows nothing of chunks, connections or the meaning of a message: that is
// package bolt's.
//
// The decoder is meant for bytes of strangers. Its memory is proportional to
// the bytes it was given, whatever lengths these declare, and its recursion is
// bounded by MaxDepth. Temporal and spatial values are recognised, not
// decoded: see StructError.
package packstream
