package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"memgraph-controller/controller/memgraph"
)

// Database is the instance that a snapshot is made of.
type Database interface {
	Snapshot(ctx context.Context) (path string, err error)
	Contents(ctx context.Context) (memgraph.Contents, error)
}

// Send makes a snapshot and writes it to w, with a manifest behind it, as tar. data is the
// data directory of the database. That the file is deleted meanwhile, because newer
// snapshots come, does no harm: it is open.
func Send(ctx context.Context, database Database, instance, data string, w io.Writer) error {
	m := Manifest{Format: Format, Instance: instance, At: time.Now().UTC()}
	path, err := database.Snapshot(ctx)
	if err != nil {
		return err
	}
	file, err := open(data, path)
	if err != nil {
		return err
	}
	defer file.Close()
	contents, err := database.Contents(ctx)
	if err != nil {
		return err
	}
	m.Database, m.Version, m.Nodes, m.Edges = contents.Database, contents.Version, contents.Nodes, contents.Edges
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m.File, m.Bytes = filepath.Base(path), info.Size()
	sum := sha256.New()
	return pack(w, m, io.TeeReader(file, sum), func(m *Manifest) { m.SHA256 = hex.EncodeToString(sum.Sum(nil)) })
}

// open opens a snapshot by the path that the server told, which may be relative to its data
// directory.
func open(data, path string) (*os.File, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(data, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return file, nil
}

// receive reads what Send wrote and hands the snapshot on. The manifest that it returns has
// been compared with what has passed.
func receive(r io.Reader, put func(file string, size int64, content io.Reader) error) (Manifest, error) {
	archive, sum := tar.NewReader(r), sha256.New()
	header, err := archive.Next()
	if err != nil {
		return Manifest{}, unexpected(err)
	}
	size := header.Size
	if err := put(filepath.Base(header.Name), size, io.TeeReader(archive, sum)); err != nil {
		return Manifest{}, err
	}
	second, err := archive.Next()
	if err != nil {
		return Manifest{}, unexpected(err)
	}
	if second.Name != manifestFile || second.Size > 1<<20 {
		return Manifest{}, fmt.Errorf("there is %s where the manifest should be", second.Name)
	}
	text, err := io.ReadAll(archive)
	if err != nil {
		return Manifest{}, unexpected(err)
	}
	m, err := decode(text)
	switch got := hex.EncodeToString(sum.Sum(nil)); {
	case err != nil:
		return m, err
	case m.File != filepath.Base(header.Name) || m.Bytes != size || m.SHA256 != got:
		return m, fmt.Errorf("snapshot %s arrived as %d bytes with checksum %s instead of %d with %s", header.Name, size, got, m.Bytes, m.SHA256)
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return m, fmt.Errorf("the stream does not end after the manifest: %w", unexpected(err))
	}
	return m, nil
}

// unexpected: an end in the middle is no regular one.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
