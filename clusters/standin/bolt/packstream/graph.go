package packstream

import (
	"strconv"

	"memgraph-controller/clusters/standin/value"
)

// Layout is the shape of nodes and relationships, which differs between the
// major versions of Bolt.
type Layout uint8

const (
	// V4 identifies nodes and relationships by number alone (Bolt 4.x).
	V4 Layout = iota
	// V5 adds element ids, strings, at the end of both structures (Bolt 5.x).
	// Memgraph's are its numbers in decimal.
	V5
)

func appendNode(dst []byte, layout Layout, n value.Node) ([]byte, error) {
	dst = append(dst, layout.structOf(3, 1), tagNode)
	dst = appendInt(dst, n.ID)
	dst = appendStrings(dst, n.Labels)
	dst, err := appendMap(dst, layout, n.Props)
	if err != nil || layout == V4 {
		return dst, err
	}
	return appendElementID(dst, n.ID), nil
}

func appendRelationship(dst []byte, layout Layout, r value.Relationship) ([]byte, error) {
	dst = append(dst, layout.structOf(5, 3), tagRelationship)
	dst = appendInt(dst, r.ID)
	dst = appendInt(dst, r.StartID)
	dst = appendInt(dst, r.EndID)
	dst = appendString(dst, r.Type)
	dst, err := appendMap(dst, layout, r.Props)
	if err != nil || layout == V4 {
		return dst, err
	}
	dst = appendElementID(dst, r.ID)
	dst = appendElementID(dst, r.StartID)
	return appendElementID(dst, r.EndID), nil
}

// structOf is the marker of a structure of so many fields, more of them with
// element ids.
func (l Layout) structOf(fields, elementIDs byte) byte {
	if l == V5 {
		fields += elementIDs
	}
	return tinyStruct | fields
}

func appendElementID(dst []byte, id int64) []byte {
	return appendString(dst, strconv.FormatInt(id, 10))
}
