package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Job makes one backup and removes those that are too many.
type Job struct {
	// Status is a controller's word on the cluster.
	Status func(context.Context) (api.Status, error)
	// Ask runs Send in the container of an instance and hands on what it writes.
	Ask   func(ctx context.Context, instance string, stream io.Writer) error
	Store Store
	// Keep is how many complete backups of this database stay, at least 1.
	Keep int
	Now  func() time.Time
	Log  *slog.Logger
}

// stamp is how the names of backups begin; they sort by time.
const stamp = "20060102T150405Z"

// abandonedAfter is how old a backup without a manifest is when it is removed: another job
// may be about to write it.
const abandonedAfter = 24 * time.Hour

// Run makes the backup. Old ones are removed only after that.
func (j Job) Run(ctx context.Context) error {
	status, err := j.Status(ctx)
	if err != nil {
		return fmt.Errorf("ask a controller: %w", err)
	}
	instances := candidates(status)
	if len(instances) == 0 {
		return fmt.Errorf("no instance is fit for a snapshot: %s", status.Routing.Decision.Reason)
	}
	var failures []error
	for _, instance := range instances {
		m, err := j.take(ctx, status, instance)
		if err == nil {
			j.Log.Info("backup complete", "name", m.Name, "bytes", m.Bytes, "nodes", m.Nodes, "edges", m.Edges, "version", m.Version)
			return j.prune(ctx, m.Database)
		}
		failures = append(failures, fmt.Errorf("%s: %w", instance, err))
		if ctx.Err() != nil {
			break
		}
		j.Log.Warn("no backup of this instance, trying the next one", "instance", instance, "error", err)
	}
	return errors.Join(failures...)
}

// candidates are the instances to ask, the best first; see the package comment.
func candidates(status api.Status) []string {
	r := status.Record
	if r.Main == "" || r.Gate != topology.GateOpen {
		return nil
	}
	rank := func(i api.Instance) int {
		switch i.Name {
		case r.Main:
			return 2
		case r.Voter:
			return 1
		}
		return 0
	}
	var fit []api.Instance
	for _, i := range status.Instances {
		follows := i.Status == topology.StatusReady || i.Status == topology.StatusReplicating
		well := i.Health == topology.HealthUp && !i.Terminating && !i.Refused && i.Quarantined == nil
		if well && i.Clean && (follows || i.Name == r.Main) {
			fit = append(fit, i)
		}
	}
	slices.SortStableFunc(fit, func(a, b api.Instance) int { return rank(a) - rank(b) })
	if len(fit) == 0 { // the main has everything, whatever its history
		return []string{r.Main}
	}
	var names []string
	for _, i := range fit {
		names = append(names, i.Name)
	}
	return names
}

// take makes a backup of one instance. What failed leaves no manifest.
func (j Job) take(ctx context.Context, status api.Status, instance string) (Manifest, error) {
	name := j.Now().UTC().Format(stamp) + "-" + instance
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		err := j.Ask(ctx, instance, writer)
		writer.CloseWithError(err)
		asked <- err
	}()
	m, err := receive(reader, func(file string, size int64, content io.Reader) error {
		return j.Store.Put(ctx, path.Join(name, file), size, content)
	})
	reader.CloseWithError(err)
	if err != nil {
		cancel()
	}
	if failed := <-asked; failed != nil { // it says why the stream broke
		return m, failed
	}
	if err != nil {
		return m, err
	}
	m.Name, m.Instance, m.Cluster, m.Epoch = name, instance, status.Cluster, status.Epoch
	return m, seal(ctx, j.Store, m)
}

// prune removes the oldest complete backups of a database but Keep, and what others have
// abandoned. Those of another database are left alone, whoever shares the store.
func (j Job) prune(ctx context.Context, database string) error {
	names, err := j.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("list backups: %w", err)
	}
	files := map[string][]string{}
	for _, name := range names {
		folder, file, found := strings.Cut(name, "/")
		if _, err := time.Parse(stamp, folder[:min(len(stamp), len(folder))]); found && err == nil {
			files[folder] = append(files[folder], file)
		}
	}
	var complete, going []string
	for folder, inside := range files {
		at, _ := time.Parse(stamp, folder[:len(stamp)])
		switch {
		case slices.Contains(inside, manifestFile):
			if j.isOf(ctx, folder, database) {
				complete = append(complete, folder)
			}
		case j.Now().Sub(at) > abandonedAfter:
			going = append(going, folder)
		}
	}
	slices.Sort(complete)
	going = append(going, complete[:max(0, len(complete)-j.Keep)]...)
	for _, folder := range going {
		if err := j.remove(ctx, folder, files[folder]); err != nil {
			return fmt.Errorf("remove backup %s: %w", folder, err)
		}
		j.Log.Info("old backup removed", "name", folder)
	}
	return nil
}

// isOf tells whether a backup is one of a database. What cannot be read is nobody's.
func (j Job) isOf(ctx context.Context, name, database string) bool {
	m, err := read(ctx, j.Store, name)
	if err != nil {
		j.Log.Warn("a backup cannot be read, and is left alone", "name", name, "error", err)
	}
	return err == nil && m.Database == database
}

// remove removes a backup, the manifest first, so that no half of it is ever taken for a
// whole one.
func (j Job) remove(ctx context.Context, name string, files []string) error {
	if at := slices.Index(files, manifestFile); at > 0 {
		files[0], files[at] = files[at], files[0]
	}
	for _, file := range files {
		if err := j.Store.Remove(ctx, path.Join(name, file)); err != nil {
			return err
		}
	}
	return nil
}
