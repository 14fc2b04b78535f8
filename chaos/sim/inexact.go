//go:build !replay

package sim

// Exact tells that a schedule does the same each time (see chaos/sim/replay).
const Exact = false

func replayFrom(uint64) {}
