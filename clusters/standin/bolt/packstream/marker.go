package packstream

// The first byte of every value. A tiny marker holds a size of up to 15 in its
// lower half; the others are followed by a size or a number of 8, 16, 32 or 64
// bits, most significant byte first.
const (
	markNull    = 0xC0
	markFloat64 = 0xC1
	markFalse   = 0xC2
	markTrue    = 0xC3
	markInt8    = 0xC8
	markInt16   = 0xC9
	markInt32   = 0xCA
	markInt64   = 0xCB

	tinyString = 0x80
	tinyList   = 0x90
	tinyMap    = 0xA0
	tinyStruct = 0xB0
	tinyMinus  = 0xF0 // -16 to -1

	maxTiny = 15
)

// sized is a family of markers for one kind of value. A tiny marker of zero
// means that the family has none.
type sized struct{ tiny, size8, size16, size32 byte }

func bytesMarkers() sized  { return sized{0, 0xCC, 0xCD, 0xCE} }
func stringMarkers() sized { return sized{tinyString, 0xD0, 0xD1, 0xD2} }
func listMarkers() sized   { return sized{tinyList, 0xD4, 0xD5, 0xD6} }
func mapMarkers() sized    { return sized{tinyMap, 0xD8, 0xD9, 0xDA} }

// Tags of the graph structures, which only a server sends.
const (
	tagNode         = 0x4E
	tagRelationship = 0x52
)
