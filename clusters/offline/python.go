package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

// PythonProgram is where the interpreter is in the layer that Python returns: the
// one of suite.
const PythonProgram = "/usr/bin/python3.11"

// pythonTar is the file of the cache's entry that holds the layer.
const pythonTar = "python.tar"

// Python returns a layer with Debian's Python and the libraries that it needs, for
// an image that has nothing else. It is built if the cache does not hold it.
func (b *Builder) Python(ctx context.Context) (*archive.Layer, error) {
	source, err := cache.Sources(os.DirFS(filepath.Join(b.Module, "clusters", "offline")), notShipped)
	if err != nil {
		return nil, err
	}
	entry, err := b.Cache.Fill(ctx, "python", cache.Key(suite, source), b.python)
	if err != nil {
		return nil, err
	}
	return archive.LayerFromTar(filepath.Join(entry, pythonTar)), nil
}

func (b *Builder) python(ctx context.Context, tmp string) error {
	if err := b.tools(ctx); err != nil {
		return err
	}
	mirror, err := b.mirror()
	if err != nil {
		return err
	}
	b.Progress.Step("take Python from the packages of Debian %s from %s", suite, mirror)
	packages, root := filepath.Join(tmp, "packages"), filepath.Join(tmp, "root")
	fetch := command.New("debootstrap", "--download-only", "--variant=minbase", "--keyring="+b.Host.Path(keyring),
		"--include=python3", suite, packages, mirror)
	if _, err := b.Run.Run(ctx, fetch); err != nil {
		return err
	}
	if err := b.extract(ctx, packages, root); err != nil {
		return err
	}
	entries, err := pythonEntries(root)
	if err != nil {
		return err
	}
	if err := archive.LayerOf(entries...).Save(filepath.Join(tmp, pythonTar)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(packages), os.RemoveAll(root))
}

// extract unpacks the files of Debian packages. None of their scripts runs: they
// would only compile Python's library.
func (b *Builder) extract(ctx context.Context, packages, root string) error {
	files, err := filepath.Glob(filepath.Join(packages, "var/cache/apt/archives/*.deb"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if _, err := b.Run.Run(ctx, command.New("dpkg-deb", "--extract", file, root)); err != nil {
			return err
		}
	}
	return nil
}

// pythonEntries are the interpreter, its library, and what both need of others.
func pythonEntries(root string) ([]archive.Entry, error) {
	const library = "/usr/lib/python3.11"
	c := newClosure(root)
	if err := c.add(PythonProgram); err != nil {
		return nil, err
	}
	extensions, err := filepath.Glob(filepath.Join(root, library, "lib-dynload", "*.so"))
	if err != nil {
		return nil, err
	}
	for _, file := range extensions {
		if err := c.addNeeds(filepath.Base(file), file); err != nil {
			return nil, err
		}
	}
	modules, err := archive.Tree(library, filepath.Join(root, library))
	if err != nil {
		return nil, fmt.Errorf("the library of Python: %w", err)
	}
	return slices.Concat(skeleton(), c.entries, modules), nil
}
