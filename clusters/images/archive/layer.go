package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Layer is one layer of an image. Images that share one share the pointer: its
// content is then read once to be measured and once to be written. It may not be
// used concurrently.
type Layer struct {
	write  func(io.Writer) error // the same bytes each time
	digest string                // sha256 in hex; empty: not measured yet
	size   int64
}

// LayerOf returns the layer that holds the entries, in their order. Files are
// read when the layer is written.
func LayerOf(entries ...Entry) *Layer {
	return &Layer{write: func(w io.Writer) error {
		t := tar.NewWriter(w)
		for _, e := range entries {
			if err := e.writeTo(t); err != nil {
				return err
			}
		}
		return t.Close()
	}}
}

// LayerFromTar returns the layer that is the tar file at path.
func LayerFromTar(path string) *Layer {
	return &Layer{write: func(w io.Writer) (err error) {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		_, err = io.Copy(w, file)
		return err
	}}
}

// Save writes the layer to a file, which LayerFromTar reads.
func (l *Layer) Save(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("layer: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return l.write(file)
}

// measure finds digest and size, which have to be known before the layer can be
// written into an archive.
func (l *Layer) measure() error {
	if l.digest != "" {
		return nil
	}
	hash := sha256.New()
	counted := &counter{out: hash}
	if err := l.write(counted); err != nil {
		return fmt.Errorf("layer: %w", err)
	}
	l.digest, l.size = hex.EncodeToString(hash.Sum(nil)), counted.n
	return nil
}

// name is that of the layer's file in an archive.
func (l *Layer) name() string { return l.digest + ".tar" }

type counter struct {
	out io.Writer
	n   int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.n += int64(n)
	return n, err
}
