package boltframe

// hasMore looks for the entry has_more: true in the metadata of a SUCCESS, in
// pieces as they come. It compares bytes instead of decoding PackStream: the
// key's marker 0x88 cannot begin a character, so text does not look like it
// but by the strangest accident, which would cost a pause some patience.
type hasMore struct {
	found   bool
	matched int
}

// entry is PackStream for the string "has_more" and the value true.
const entry = "\x88has_more\xC3"

func (h *hasMore) look(content []byte) {
	for _, b := range content {
		switch b {
		case entry[h.matched]:
			h.matched++
		case entry[0]:
			h.matched = 1
		default:
			h.matched = 0
		}
		if h.matched == len(entry) {
			h.found, h.matched = true, 0
		}
	}
}
