package backup

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"memgraph-controller/controller/api"
)

// pack writes a snapshot with its manifest behind it, as tar. seal completes the manifest when
// the snapshot has been written; what receive reads is this.
func pack(w io.Writer, m Manifest, snapshot io.Reader, seal func(*Manifest)) error {
	archive := tar.NewWriter(w)
	if err := archive.WriteHeader(&tar.Header{Name: m.File, Size: m.Bytes, Mode: 0o600, ModTime: m.At}); err != nil {
		return err
	}
	if _, err := io.CopyN(archive, snapshot, m.Bytes); err != nil {
		return fmt.Errorf("send snapshot %s: %w", m.File, err)
	}
	seal(&m)
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: manifestFile, Size: int64(len(text)), Mode: 0o600, ModTime: m.At}); err != nil {
		return err
	}
	_, err = archive.Write(text)
	return errors.Join(err, archive.Close())
}

// Delivery brings a backup to the first instance of a new cluster, which waits for it
// (Await). The databases' pods need no way to the store, and no key of it.
type Delivery struct {
	// Status is a controller's word on the cluster.
	Status func(context.Context) (api.Status, error)
	// Awaits tells whether the instance waits for a backup, and Hand gives it one.
	Awaits func(context.Context) error
	Hand   func(ctx context.Context, stream io.Reader) error
	Store  Store
	// Name and Cluster say which backup, as for Find.
	Name, Cluster string
	Log           *slog.Logger
}

// askAgain is the pause between two questions whether the instance waits by now.
const askAgain = 2 * time.Second

// Run waits for the instance and brings the backup. There is nothing to do in a cluster that
// had a main once: its instances have newer data than the backup.
func (d Delivery) Run(ctx context.Context) error {
	said := ""
	for {
		if status, err := d.Status(ctx); err == nil && status.Record.Epoch > 0 {
			d.Log.Info("nothing is restored: the cluster has a main, or had one", "epoch", status.Record.Epoch)
			return nil
		}
		err := d.Awaits(ctx)
		if err == nil {
			return d.hand(ctx)
		}
		if now := err.Error(); now != said {
			said = now
			d.Log.Info("the instance does not wait for a backup yet", "because", err)
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// hand brings the backup.
func (d Delivery) hand(ctx context.Context) error {
	m, skipped, err := Find(ctx, d.Store, d.Name, d.Cluster)
	for _, why := range skipped {
		d.Log.Warn("skipped, though it may be newer: a backup that cannot be read", "error", why)
	}
	if err != nil {
		return err
	}
	content, err := d.Store.Get(ctx, m.path())
	if err != nil {
		return fmt.Errorf("backup %s: %w", m.Name, err)
	}
	defer content.Close()
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	packed := make(chan error, 1)
	go func() {
		err := pack(writer, m, content, func(*Manifest) {})
		if err != nil {
			cancel() // the instance is not told that no more will come
		}
		writer.CloseWithError(err)
		packed <- err
	}()
	err = d.Hand(ctx, reader)
	reader.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if broken := <-packed; err != nil || broken != nil {
		return fmt.Errorf("backup %s: %w", m.Name, errors.Join(err, broken))
	}
	d.Log.Info("backup restored", "name", m.Name, "at", m.At, "of", m.Cluster, "role", m.Role, "behind", m.Behind, "version", m.Version, "nodes", m.Nodes, "edges", m.Edges)
	return nil
}
