//go:build race

package gateway_test

// raceFactor is what the race detector multiplies memory by.
const raceFactor = 6
