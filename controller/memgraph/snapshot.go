package memgraph

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoSnapshots tells that the instance is a replica of a version that takes none, before 3.7.2.
var ErrNoSnapshots = errors.New("replicas of this version take no snapshots")

// snapshotAgain is how long after a refusal a snapshot is asked for again.
const snapshotAgain = 2 * time.Second

// Snapshot makes a snapshot of everything that is committed and returns the path of its
// file, as the server knows it. It takes as long as the graph is big, so the context decides
// how long that may be. Where nothing was written since the last one, that one is returned.
//
// One that is being made already is waited for, and then another one is made: the first
// began before this was called.
func (c *Client) Snapshot(ctx context.Context) (path string, err error) {
	err = c.call(ctx, "snapshot of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		for {
			rows, err := c.statement(ctx, "CREATE SNAPSHOT")
			failure := refused(err)
			switch {
			case err == nil:
				path, err = onePath(rows)
				return err
			case failure == nil:
				return err
			}
			switch text := strings.ToLower(failure.Text); {
			case strings.Contains(text, "not allowed"):
				return fmt.Errorf("%w: %w", ErrNoSnapshots, failure)
			case strings.Contains(text, "nothing"):
				path, err = c.newestSnapshot(ctx)
				return err
			case !failure.passing():
				return failure
			}
			if !c.sleep(ctx, snapshotAgain) {
				return fmt.Errorf("%w: %w", ErrBusy, failure)
			}
		}
	})
	return path, err
}

func onePath(rows []row) (string, error) {
	if len(rows) == 1 {
		if path, ok := rows[0]["path"].(string); ok && path != "" {
			return path, nil
		}
	}
	return "", malformed("CREATE SNAPSHOT", "%v", rows)
}

// newestSnapshot is the one that reaches furthest. The time of the next one may be a row
// among them; it has no path.
func (c *Client) newestSnapshot(ctx context.Context) (path string, err error) {
	rows, err := c.statement(ctx, "SHOW SNAPSHOTS")
	furthest := int64(-1)
	for _, r := range rows {
		at, ok := r["timestamp"].(int64)
		if name, named := r["path"].(string); ok && named && at > furthest {
			path, furthest = name, at
		}
	}
	if err == nil && path == "" {
		err = malformed("SHOW SNAPSHOTS", "%v", rows)
	}
	return path, err
}

// Contents is what an instance holds.
type Contents struct {
	Database     string // the UUID of its data
	Nodes, Edges int64
	Version      string // of the server
}

// Contents counts what the instance holds now.
func (c *Client) Contents(ctx context.Context) (contents Contents, err error) {
	err = c.call(ctx, "read the contents of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		info, err := c.storageInfo(ctx)
		if err != nil {
			return err
		}
		storage, err := decodeStorage(info)
		if err != nil {
			return err
		}
		contents.Database = storage.UUID
		contents.Nodes, _ = info["vertex_count"].(int64)
		contents.Edges, _ = info["edge_count"].(int64)
		rows, err := c.statement(ctx, "SHOW VERSION")
		if err == nil && len(rows) == 1 {
			contents.Version, _ = rows[0]["version"].(string)
		}
		return err
	})
	return contents, err
}
