// Package docker sees to it that a Docker engine runs: it finds one, or installs
// and starts one where that is allowed (package host), and otherwise says what is
// missing.
//
// The engine goes on running when the program ends, for the next one to find.
package docker
