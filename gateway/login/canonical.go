package login

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// maxDepth bounds how deep the message with the credentials may be nested.
const maxDepth = 8

var errPackStream = errors.New("not PackStream")

// canonical returns a message of PackStream with the entries of its maps in the order of
// their keys. Drivers write maps in any order (that in Go in another one each time), and
// a login has to be known again. What cannot be read is returned as it is, and so is a
// map with a key that comes twice: servers need not agree on which entry counts.
func canonical(message []byte) []byte {
	sorted, rest, err := canonicalValue(message, 0)
	if err != nil || len(rest) > 0 {
		return message
	}
	return sorted
}

// canonicalValue takes one value off p.
func canonicalValue(p []byte, depth int) (sorted, rest []byte, err error) {
	head, size, kind, err := header(p)
	if err != nil || depth > maxDepth {
		return nil, nil, errPackStream
	}
	sorted, rest = p[:head:head], p[head:]
	switch kind {
	case plain:
		if size > len(rest) {
			return nil, nil, errPackStream
		}
		return append(sorted, rest[:size]...), rest[size:], nil
	case list:
		for range size {
			var item []byte
			if item, rest, err = canonicalValue(rest, depth+1); err != nil {
				return nil, nil, err
			}
			sorted = append(sorted, item...)
		}
		return sorted, rest, nil
	default:
		entries, rest, err := canonicalEntries(rest, size, depth)
		return append(sorted, entries...), rest, err
	}
}

// canonicalEntries takes the entries of a map off p.
func canonicalEntries(p []byte, n, depth int) (sorted, rest []byte, err error) {
	type entry struct{ key, value []byte }
	var entries []entry
	for range n {
		var e entry
		if e.key, p, err = canonicalValue(p, depth+1); err != nil {
			return nil, nil, err
		}
		if e.value, p, err = canonicalValue(p, depth+1); err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for i, e := range entries {
		if i > 0 && bytes.Equal(e.key, entries[i-1].key) {
			return nil, nil, errPackStream
		}
		sorted = append(append(sorted, e.key...), e.value...)
	}
	return sorted, p, nil
}

// kinds of values, by what follows their header.
type kind int

const (
	plain      kind = iota // bytes
	list                   // values: those of a list or the fields of a structure
	dictionary             // pairs of a key and a value
)

// header reads how a value begins: how long its header is, and how much of what follows.
func header(p []byte) (head, size int, k kind, err error) {
	if len(p) == 0 {
		return 0, 0, plain, errPackStream
	}
	low := int(p[0] & 0x0F)
	switch p[0] & 0xF0 {
	case 0x80:
		return 1, low, plain, nil
	case 0x90:
		return 1, low, list, nil
	case 0xA0:
		return 1, low, dictionary, nil
	case 0xB0:
		return min(2, len(p)), low, list, nil // the tag belongs to it
	case 0xC0, 0xD0:
		return longHeader(p)
	default:
		return 1, 0, plain, nil // a small number
	}
}

// longHeader reads headers of one byte that says what follows, and of a size.
func longHeader(p []byte) (head, size int, k kind, err error) {
	var width int // of the size
	switch p[0] {
	case 0xC0, 0xC2, 0xC3: // null, false, true
		return 1, 0, plain, nil
	case 0xC1, 0xCB: // a float, a number of 8 bytes
		return 1, 8, plain, nil
	case 0xC8, 0xC9, 0xCA: // numbers of 1, 2 and 4
		return 1, 1 << (p[0] - 0xC8), plain, nil
	case 0xCC, 0xCD, 0xCE: // bytes
		width = 1 << (p[0] - 0xCC)
	case 0xD0, 0xD1, 0xD2: // text
		width = 1 << (p[0] - 0xD0)
	case 0xD4, 0xD5, 0xD6:
		width, k = 1<<(p[0]-0xD4), list
	case 0xD8, 0xD9, 0xDA:
		width, k = 1<<(p[0]-0xD8), dictionary
	default:
		return 0, 0, plain, errPackStream
	}
	if len(p) < 1+width {
		return 0, 0, plain, errPackStream
	}
	wide := make([]byte, 4)
	copy(wide[4-width:], p[1:1+width])
	size = int(binary.BigEndian.Uint32(wide))
	if size > len(p) {
		return 0, 0, plain, errPackStream // whatever it counts, it is not there
	}
	return 1 + width, size, k, nil
}
