package images

import (
	"io/fs"

	"memgraph-controller/clusters/images/archive"
)

// Program is a program of this module to be had as an image.
type Program struct {
	// Name is the image's, without its tag.
	Name string
	// Package is what to compile, as seen from the root of the module.
	Package string
	// At is where the program is in the image.
	At string
	// User runs it: UID:GID.
	User string
	// Beside is what else is in the image.
	Beside []archive.Entry
	// Arch is what it is compiled for, in Go's words; empty: this machine's.
	Arch string
	// Stamped: it names the tag and the commit that it is compiled of. Outside of a
	// git work tree it does not compile then.
	Stamped bool
}

// Controller is the project's own program. Its user is the one that is commonly
// called nonroot.
func Controller() Program {
	return Program{
		Name: "localhost/memgraph-controller", Package: ".", At: "/memgraph-controller", User: "65532:65532",
		Beside: []archive.Entry{archive.Dir("/tmp", 0o777|fs.ModeSticky)},
	}
}

// The user in Memgraph's own image.
const memgraphUID, memgraphGID = 101, 103

// StandIn is the stand-in for Memgraph. Program, user and folders are where
// Memgraph's own image has them, so that one manifest fits both.
func StandIn() Program {
	return Program{
		Name: "localhost/memgraph-standin", Package: "./clusters/standin/cmd/memgraph-standin",
		At: "/usr/lib/memgraph/memgraph", User: "101:103",
		Beside: []archive.Entry{
			archive.Dir("/tmp", 0o777|fs.ModeSticky),
			archive.Dir("/var/lib/memgraph", 0o755).OwnedBy(memgraphUID, memgraphGID),
			archive.Dir("/var/log/memgraph", 0o755).OwnedBy(memgraphUID, memgraphGID),
		},
	}
}

// clientUser runs the clients of the suites.
const clientUser = "65532:65532"

// GoClient is the suites' client in Go.
func GoClient() Program {
	return Program{Name: "localhost/memgraph-client-go", Package: "./e2e/clients/cmd/workload", At: "/workload", User: clientUser}
}
