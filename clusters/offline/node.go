package offline

import (
	"context"
	"embed"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

//go:embed manifests
var manifests embed.FS

// assemble makes the node image out of its parts and gives it to Docker.
func (b *Builder) assemble(ctx context.Context, in ingredients, p parts) (err error) {
	b.Progress.Step("assemble the node image (about a minute)")
	work, err := os.MkdirTemp(string(b.Cache), ".node-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	root, file := filepath.Join(work, "root"), filepath.Join(work, "node.tar")
	if err := b.unpack(ctx, filepath.Join(p.debian, rootTar), root); err != nil {
		return err
	}
	if err := b.furnish(ctx, in, p, root); err != nil {
		return err
	}
	if err := b.pack(ctx, root, file); err != nil {
		return err
	}
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	return b.load(ctx, archive.Image{
		Ref: in.ref(), Layers: []*archive.Layer{archive.LayerFromTar(file)},
		Config: archive.Config{
			Env: []string{"container=docker"}, // systemd looks for it
			// systemd ends at this signal only.
			StopSignal: "SIGRTMIN+3",
			Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
		},
	})
}

// furnish puts all into the Debian system at root that makes it a node.
func (b *Builder) furnish(ctx context.Context, in ingredients, p parts, root string) error {
	names, err := b.componentNames(ctx, in, p.programs)
	if err != nil {
		return err
	}
	s := system{root: root, kind: filepath.Join(in.kind.Dir, "images", "base", "files"), pause: names["pause"], run: b.Run}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if err := s.kubernetes(in.kubernetes.Version, p.programs); err != nil {
		return err
	}
	images, err := components(names, p, root)
	if err != nil {
		return err
	}
	return b.fillStore(ctx, root, images)
}

// kubernetes adds the programs that run on the node itself, and what kind reads:
// the version and the manifests of network and storage.
func (s system) kubernetes(version, programs string) error {
	for _, name := range nodePrograms {
		text, err := os.ReadFile(filepath.Join(programs, name))
		if err != nil {
			return err
		}
		if err := s.write("usr/bin/"+name, string(text), 0o755); err != nil {
			return err
		}
	}
	if err := s.write("kind/version", version, 0o644); err != nil {
		return err
	}
	images := strings.NewReplacer("PODNET_IMAGE", podnetImage, "STORAGE_IMAGE", storageImage, "HELPER_IMAGE", helperImage)
	for _, name := range []string{"default-cni.yaml", "default-storage.yaml"} {
		text, err := manifests.ReadFile("manifests/" + name)
		if err != nil {
			return err
		}
		if err := s.write("kind/manifests/"+name, images.Replace(string(text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// load gives the image to Docker.
func (b *Builder) load(ctx context.Context, image archive.Image) error {
	load := command.New("docker", "load")
	reader, writer := io.Pipe()
	load.Stdin = reader
	go func() { writer.CloseWithError(archive.Write(writer, image)) }()
	_, err := b.Run.Run(ctx, load)
	return errors.Join(err, reader.Close())
}
