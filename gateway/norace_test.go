//go:build !race

package gateway_test

const raceFactor = 1
