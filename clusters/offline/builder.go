package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/host"
)

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

type progress interface {
	Step(format string, args ...any)
}

// repository begins the names of node images.
const repository = "localhost/memgraph-controller-node"

// Builder builds node images.
type Builder struct {
	// Module is the folder of the project's module.
	Module   string
	Cache    cache.Dir
	Host     *host.Host
	Run      runner
	Progress progress
}

// NodeImage returns the name of the node image, which Docker holds afterwards. It
// is built if Docker does not have it yet; a change of any version or source that
// goes into it makes another image.
func (b *Builder) NodeImage(ctx context.Context) (ref string, err error) {
	in, err := b.ingredients(ctx)
	if err != nil {
		return "", err
	}
	ref = in.ref()
	if _, err := b.Run.Run(ctx, command.New("docker", "image", "inspect", "--format", "{{.Id}}", ref)); err == nil {
		b.Progress.Step("node image %s is there", ref)
		return ref, nil
	}
	if err := b.tools(ctx); err != nil {
		return "", fmt.Errorf("node image: %w", err)
	}
	parts, err := b.parts(ctx, in)
	if err != nil {
		return "", fmt.Errorf("node image: %w", err)
	}
	if err := b.assemble(ctx, in, parts); err != nil {
		return "", fmt.Errorf("node image: %w", err)
	}
	b.Progress.Step("node image %s is built", ref)
	return ref, b.removeOlder(ctx, ref)
}

// parts are the folders of the cache that an image is made of.
type parts struct {
	debian   string // holds root.tar
	programs string // of others: Kubernetes, etcd, CoreDNS, local-path-provisioner
	own      string // podnet and pause
}

// parts makes those that the cache lacks: Debian comes over the network while the
// compiler has the processors.
func (b *Builder) parts(ctx context.Context, in ingredients) (p parts, err error) {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) { p.debian, err = b.debian(ctx, in); return err })
	all.Go(func() (err error) { p.programs, p.own, err = b.programs(ctx, in); return err })
	err = all.Wait()
	return p, err
}

// tools makes sure of what the machine needs for the build.
func (b *Builder) tools(ctx context.Context) error {
	if b.Host.UID != 0 {
		return errors.New("building it takes debootstrap and chroot, which need root: run this as root, or where a registry can be reached (IMAGES=registry)")
	}
	needed := map[string]string{"debootstrap": "debootstrap", "tar": "tar", "chroot": "coreutils"}
	if err := b.Host.Need(ctx, needed); err != nil {
		return err
	}
	if _, err := os.Stat(b.Host.Path(keyring)); err == nil {
		return nil
	}
	if err := b.Host.MayInstall(); err != nil {
		return fmt.Errorf("%s not found: install the package debian-archive-keyring; %w", keyring, err)
	}
	return b.Host.Install(ctx, "debian-archive-keyring")
}

// removeOlder removes other node images, a gigabyte each. Docker keeps those that
// a cluster runs on.
func (b *Builder) removeOlder(ctx context.Context, current string) error {
	list, err := b.Run.Run(ctx, command.New("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", repository))
	if err != nil {
		return fmt.Errorf("older node images: %w", err)
	}
	for _, ref := range strings.Fields(list) {
		if ref != current {
			_, _ = b.Run.Run(ctx, command.New("docker", "image", "rm", ref)) // in use
		}
	}
	return nil
}

// nodeModule is the folder of the module whose programs go into the image.
func (b *Builder) nodeModule() string { return filepath.Join(b.Module, "clusters", "nodeimage") }
