package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

// importConfig runs no more of containerd than its stores.
const importConfig = `version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
`

// containerdTime bounds its start and its end, each of which takes a second.
const containerdTime = 30 * time.Second

// fillStore puts images into the store that the node's containerd will find. The
// system's own containerd does it, in a chroot, since the layout of a store
// belongs to its version. Nothing is unpacked before a node needs it.
func (b *Builder) fillStore(ctx context.Context, root string, images []archive.Image) (err error) {
	config := filepath.Join(root, "tmp", "import.toml")
	if err := os.WriteFile(config, []byte(importConfig), 0o600); err != nil {
		return err
	}
	defer os.RemoveAll(config)
	var log strings.Builder
	daemon := exec.CommandContext(ctx, "chroot", root, "containerd", "--config", "/tmp/import.toml")
	daemon.Stdout, daemon.Stderr = &log, &log
	daemon.Cancel = func() error { return daemon.Process.Signal(syscall.SIGTERM) }
	daemon.WaitDelay = containerdTime
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("containerd: %w", err)
	}
	err = b.importAll(ctx, root, images)
	_ = daemon.Process.Signal(syscall.SIGTERM)
	if ended := daemon.Wait(); err != nil {
		return errors.Join(err, ended, errors.New("containerd said:\n"+command.LastLines(log.String(), 10)))
	}
	// The second is an identity, which each node gets for itself.
	return errors.Join(
		removeAll(root, "run/containerd"),
		removeAll(root, "var/lib/containerd/io.containerd.grpc.v1.introspection"),
	)
}

func (b *Builder) importAll(ctx context.Context, root string, images []archive.Image) error {
	if err := b.answers(ctx, root); err != nil {
		return err
	}
	load := command.New("chroot", root, "ctr", "--namespace=k8s.io", "images", "import", "--all-platforms", "--no-unpack", "-")
	reader, writer := io.Pipe()
	load.Stdin = reader
	go func() { writer.CloseWithError(archive.Write(writer, images...)) }()
	_, err := b.Run.Run(ctx, load)
	return errors.Join(err, reader.Close())
}

// answers waits until containerd does.
func (b *Builder) answers(ctx context.Context, root string) error {
	ctx, cancel := context.WithTimeout(ctx, containerdTime)
	defer cancel()
	for {
		_, err := b.Run.Run(ctx, command.New("chroot", root, "ctr", "version"))
		if err == nil {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("containerd does not answer: %w", err)
		}
	}
}
