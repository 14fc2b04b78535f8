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
)

// Job makes one backup and removes those that are too many.
type Job struct {
	// Status is a controller's word on the cluster.
	Status func(context.Context) (api.Status, error)
	// Ask runs Send in the container of an instance and hands on what it writes.
	Ask   func(ctx context.Context, instance string, stream io.Writer) error
	Store Store
	// Namespace is where the cluster is: those of two namespaces may have the same name.
	Namespace string
	// Keep is how many complete backups of this cluster's database stay, at least 1.
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
	var failures []error
	for tried := []string{}; ctx.Err() == nil; {
		// Asked anew for each: a try may have taken hours.
		status, err := j.Status(ctx)
		if err != nil {
			return errors.Join(append(failures, fmt.Errorf("ask a controller: %w", err))...)
		}
		fit, refused := sources(status)
		for _, why := range refused {
			j.Log.Warn("no backup is made of this instance", "because", why)
		}
		next := slices.IndexFunc(fit, func(s source) bool { return !slices.Contains(tried, s.instance) })
		if next < 0 {
			if len(failures) == 0 {
				failures = append(failures, fmt.Errorf("no instance is fit for a snapshot: %s", status.Routing.Decision.Reason))
			}
			return errors.Join(append(failures, refused...)...)
		}
		from := fit[next]
		m, err := j.take(ctx, status, from)
		if err == nil {
			j.Log.Info("backup complete", "name", m.Name, "of", m.Role, "behind", m.Behind, "bytes", m.Bytes, "nodes", m.Nodes, "edges", m.Edges, "version", m.Version)
			return j.prune(ctx, m)
		}
		tried, failures = append(tried, from.instance), append(failures, fmt.Errorf("%s: %w", from.instance, err))
		j.Log.Warn("no backup of this instance, trying the next one", "instance", from.instance, "error", err)
	}
	return errors.Join(append(failures, ctx.Err())...)
}

// take makes a backup of one instance. What failed leaves no manifest.
func (j Job) take(ctx context.Context, status api.Status, from source) (Manifest, error) {
	name := j.Now().UTC().Format(stamp) + j.of(from.instance)
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	asked := make(chan error, 1)
	go func() {
		err := j.Ask(ctx, from.instance, writer)
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
	m.Name, m.Cluster, m.Epoch = name, j.Namespace+"/"+status.Cluster, status.Epoch
	m.Instance, m.Role, m.Behind, m.Lag = from.instance, from.role, from.behind, from.lag
	return m, seal(ctx, j.Store, m)
}

// of is how the names of the backups of an instance go on after the time.
func (j Job) of(instance string) string { return "-" + j.Namespace + "." + instance }

// prune removes the oldest complete backups of the same cluster and database but Keep, and
// what this cluster's jobs have abandoned. Those of others are left alone, whoever shares the
// store, and so are those of a database that was there before: Kubernetes has one of the same
// name, and nobody knows what it is worth.
func (j Job) prune(ctx context.Context, made Manifest) error {
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
	_, set, _ := strings.Cut(made.Cluster, "/")
	var complete, going []string
	for folder, inside := range files {
		at, _ := time.Parse(stamp, folder[:len(stamp)])
		switch {
		case slices.Contains(inside, manifestFile):
			if j.isLike(ctx, made, folder) {
				complete = append(complete, folder)
			}
		case strings.HasPrefix(folder[len(stamp):], j.of(set)+"-") && j.Now().Sub(at) > abandonedAfter:
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

// isLike tells whether a backup is one of the same cluster and database. What cannot be read
// is nobody's.
func (j Job) isLike(ctx context.Context, made Manifest, name string) bool {
	m, err := read(ctx, j.Store, name)
	if err != nil {
		j.Log.Warn("a backup cannot be read, and is left alone", "name", name, "error", err)
	}
	return err == nil && m.Cluster == made.Cluster && m.Database == made.Database
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
