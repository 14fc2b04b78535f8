package archive

import (
	"archive/tar"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Config is how containers of an image run. The field names are those of the
// image format.
type Config struct {
	User       string   `json:"User,omitempty"`
	Env        []string `json:"Env,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
	StopSignal string   `json:"StopSignal,omitempty"`
}

// Image is an image for Linux.
type Image struct {
	// Ref is its name and tag. ID does not depend on it.
	Ref    string
	Config Config
	// Arch is the architecture in Go's words; empty: that this program runs on.
	Arch string
	// Layers begin with the lowest.
	Layers []*Layer
}

// document is an image's configuration, whose digest is the image's ID.
type document struct {
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Created      time.Time `json:"created"`
	Config       Config    `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// manifest tells which files of an archive make up one image.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// ID is the digest of the image's content and configuration in hex, which is what
// Docker calls the ID of the image.
func (i Image) ID() (string, error) {
	_, id, err := i.document()
	return id, err
}

func (i Image) document() (text []byte, id string, err error) {
	d := document{
		Architecture: cmp.Or(i.Arch, runtime.GOARCH), OS: "linux", Created: time.Unix(0, 0).UTC(),
		Config: i.Config, RootFS: rootFS{Type: "layers"},
	}
	for _, layer := range i.Layers {
		if err := layer.measure(); err != nil {
			return nil, "", fmt.Errorf("image %s: %w", i.Ref, err)
		}
		d.RootFS.DiffIDs = append(d.RootFS.DiffIDs, "sha256:"+layer.digest)
	}
	if text, err = json.Marshal(d); err != nil {
		return nil, "", fmt.Errorf("image %s: %w", i.Ref, err)
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:]), nil
}

// Write writes one archive of all the images. A layer that several of them share
// is in it once.
func Write(w io.Writer, images ...Image) error {
	a := &writer{tar: tar.NewWriter(w), written: map[string]bool{}}
	var manifests []manifest
	for _, image := range images {
		m, err := a.add(image)
		if err != nil {
			return err
		}
		manifests = append(manifests, m)
	}
	text, err := json.Marshal(manifests)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := a.text("manifest.json", text); err != nil {
		return err
	}
	return a.tar.Close()
}

type writer struct {
	tar     *tar.Writer
	written map[string]bool // by name
}

func (a *writer) add(image Image) (manifest, error) {
	text, id, err := image.document()
	if err != nil {
		return manifest{}, err
	}
	m := manifest{Config: id + ".json", RepoTags: []string{image.Ref}}
	for _, layer := range image.Layers {
		m.Layers = append(m.Layers, layer.name())
		if err := a.layer(layer); err != nil {
			return manifest{}, fmt.Errorf("image %s: %w", image.Ref, err)
		}
	}
	return m, a.text(m.Config, text)
}

func (a *writer) layer(l *Layer) error {
	if a.written[l.name()] {
		return nil
	}
	a.written[l.name()] = true
	h := header(l.name(), tar.TypeReg, 0o644)
	h.Size = l.size
	if err := a.tar.WriteHeader(&h); err != nil {
		return err
	}
	return l.write(a.tar)
}

func (a *writer) text(name string, text []byte) error {
	if a.written[name] {
		return nil
	}
	a.written[name] = true
	return Text(name, string(text), 0o644).writeTo(a.tar)
}
