// Package backup copies snapshots of a cluster to a folder or to an S3-compatible bucket,
// and restores one of them to an empty volume.
//
// The parts, and where each runs:
//
//	Send      in the database's container: makes a snapshot and writes it to a stream
//	Job       in a pod of its own, by schedule: asks an instance for a snapshot, through a
//	          command that runs Send there, and puts it into a Store
//	Delivery  in a pod of its own, in a new release: brings a backup to the first instance,
//	          through a command that runs Forward there
//	Await     in the init container of the first instance, on an empty volume: restores what
//	          is brought
//
// So only the pods of jobs reach a Store. The databases' own would otherwise all have to
// mount a volume that often only one node can, and hold keys of the store, which everybody
// who may query could read (LOAD CSV reads files).
//
// Only a snapshot file is copied. It is the whole content at one moment: no write-ahead log
// is needed beside it (Memgraph's documentation, backup and restore), so what was written
// after it is not in the backup.
//
// # What is in a store
//
//	NAME/FILE            the snapshot, under the name that the database gave it
//	NAME/manifest.json   what it is, with its SHA-256; written last
//
// NAME is the time, the namespace and the instance. A backup without a manifest is not
// complete: it is never restored or counted, and goes when it is a day old. Several clusters
// may share a store: each counts, removes and restores its own.
//
// # Which instance is asked
//
// The replica that is least behind, so that the main has no work of it; then the voter; the
// main only if nobody else can, such as replicas before 3.7.2, which take no snapshots; and the
// main alone where its writes reach no replica (package topology, Unreplicated). Never
// a replica that is further behind than source.go says: a backup would lack what its owner
// believes is in it. Never one whose history is not clean: a snapshot would keep it
// (memgraph-observed 1.1).
package backup

import (
	"encoding/json"
	"fmt"
	"path"
	"time"

	"memgraph-controller/controller/api"
)

// Format is the layout of the manifest that this program reads and writes.
const Format = 1

// manifestFile is the name of a manifest in a backup.
const manifestFile = "manifest.json"

// Manifest says what a backup is.
type Manifest struct {
	Format int `json:"format"`
	// Name is that of the backup in its store.
	Name string `json:"name"`
	// At is when the snapshot was asked for: it holds all that Instance had before.
	At time.Time `json:"at"`
	// Cluster is NAMESPACE/STATEFULSET, Instance whose snapshot it is, and Epoch the record's.
	Cluster  string `json:"cluster"`
	Instance string `json:"instance"`
	Epoch    uint64 `json:"epoch"`
	// Role is what Instance was. Main and voter have everything that was acknowledged.
	Role Role `json:"role"`
	// Behind is what Instance lacked of the main's data right before At, in the database's
	// timestamps, about two for a write; Lag is for how long it had not been seen in sync.
	Behind int64        `json:"behind"`
	Lag    api.Duration `json:"lag_seconds"`
	// Database is the UUID of the data, Version that of the server, which has to be the
	// same or a later one to read them.
	Database string `json:"database"`
	Version  string `json:"version"`
	// Nodes and Edges were counted right after the snapshot, so under writes there may be
	// a few more.
	Nodes int64 `json:"nodes"`
	Edges int64 `json:"edges"`
	// File is the snapshot's name, Bytes its size and SHA256 its checksum.
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// decode reads a manifest and checks what others rely on.
func decode(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("manifest: %w", err)
	}
	switch {
	case m.Format > Format:
		return m, fmt.Errorf("manifest: format %d comes from a newer program", m.Format)
	case m.File == "" || m.File == "." || m.File == ".." || path.Base(m.File) != m.File || m.SHA256 == "" || m.Bytes <= 0:
		return m, fmt.Errorf("manifest: file %q, %d bytes, checksum %q", m.File, m.Bytes, m.SHA256)
	}
	return m, nil
}
