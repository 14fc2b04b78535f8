//go:build replay

package sim

import _ "unsafe" // for go:linkname

// Exact tells that a schedule does the same each time (see chaos/sim/replay).
const Exact = true

// replayFrom is the runtime's, by the overlay.
//
//go:linkname replayFrom
func replayFrom(seed uint64)
