package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
)

// module is a Go module as `go list -m -json` tells of it.
type module struct {
	Path, Version, Dir string
}

// ingredients is all that decides what a node image holds.
type ingredients struct {
	goVersion string // version and platform of the compiler
	// kind is the version that this project is built with: the node has to fit it.
	kind       module
	kubernetes module
	storage    module // the local-path-provisioner
	pins       string // digest of the node module's go.mod and go.sum
	corednsSrc string // digest of coredns/
	ownSrc     string // digest of podnet/ and pause/
	builderSrc string // digest of this package and of package archive
}

func (b *Builder) ingredients(ctx context.Context) (in ingredients, err error) {
	if in.goVersion, err = b.goTool(ctx, b.Module, "env", "GOVERSION", "GOOS", "GOARCH"); err != nil {
		return in, err
	}
	if in.kind, err = b.module(ctx, b.Module, "sigs.k8s.io/kind"); err != nil {
		return in, err
	}
	if in.kubernetes, err = b.module(ctx, b.nodeModule(), "k8s.io/kubernetes"); err != nil {
		return in, err
	}
	if in.storage, err = b.module(ctx, b.nodeModule(), "github.com/rancher/local-path-provisioner"); err != nil {
		return in, err
	}
	return in, in.digest(b.Module)
}

// digest reads the sources in the project's folder.
func (in *ingredients) digest(project string) error {
	sources := func(of *string, folders ...string) error {
		var digests []string
		for _, folder := range folders {
			d, err := cache.Sources(os.DirFS(filepath.Join(project, "clusters", folder)), notShipped)
			if err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
			digests = append(digests, d)
		}
		*of = cache.Key(digests...)
		return nil
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(project, "clusters", "nodeimage", name))
		if err != nil {
			return err
		}
		in.pins = cache.Key(in.pins, string(text))
	}
	return errors.Join(
		sources(&in.corednsSrc, "nodeimage/coredns"),
		sources(&in.ownSrc, "nodeimage/podnet", "nodeimage/pause"),
		sources(&in.builderSrc, "offline", "images/archive"),
	)
}

// notShipped tells whether a file has no part in what is built.
func notShipped(name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/")
}

// programsKey is that of the programs of others.
func (in ingredients) programsKey() string {
	return cache.Key(in.goVersion, in.pins, in.corednsSrc, strings.Join(in.flags(), " "))
}

// ownKey is that of the programs written here.
func (in ingredients) ownKey() string {
	return cache.Key(in.goVersion, in.pins, in.ownSrc, strings.Join(in.flags(), " "))
}

func (in ingredients) debianKey() string {
	return cache.Key(in.goVersion, suite, strings.Join(packages[:], " "))
}

// ref is the image's name. Its tag tells people the version, and machines all
// the rest.
func (in ingredients) ref() string {
	key := cache.Key(in.programsKey(), in.ownKey(), in.debianKey(), in.builderSrc, in.kind.Version)
	return fmt.Sprintf("%s:%s-%s", repository, in.kubernetes.Version, key)
}

func (b *Builder) module(ctx context.Context, dir, path string) (module, error) {
	out, err := b.goTool(ctx, dir, "list", "-m", "-json", path)
	if err != nil {
		return module{}, err
	}
	var m module
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		return module{}, fmt.Errorf("module %s: %w", path, err)
	}
	return m, nil
}

// goTool runs the go command in dir, with none of a person's own settings that
// would change what it does.
func (b *Builder) goTool(ctx context.Context, dir string, args ...string) (string, error) {
	c := command.New("go", args...)
	c.Dir, c.Env = dir, []string{"GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0"}
	return b.Run.Run(ctx, c)
}
