package images

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

// PythonBase is the image that the Python client is built on where there is a
// registry.
const PythonBase = "python:3.13.1-slim-bookworm"

const (
	pythonClientName = "localhost/memgraph-client-python"
	// clientAt and driverAt are where program and driver are in the image.
	clientAt = "/client.py"
	driverAt = "/driver"
)

// PythonClient is the suites' client in Python. Its driver comes from the package
// index that this machine's pip uses; it is pure Python, so that any interpreter
// will do.
type PythonClient struct {
	Module string // folder of this module
	Cache  cache.Dir
	Run    runner
}

// environment is that of the client. The file system cannot be written to.
func environment() []string {
	return []string{"PYTHONPATH=" + driverAt, "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"}
}

// Build writes an image into dir that consists of a layer with an interpreter,
// which is at the given path in it, the driver and the client.
func (p PythonClient) Build(ctx context.Context, dir string, python *archive.Layer, interpreter string) (Built, error) {
	driver, err := p.driver(ctx)
	if err != nil {
		return Built{}, err
	}
	modules, err := archive.Tree(driverAt, driver)
	if err != nil {
		return Built{}, err
	}
	image := archive.Image{
		Ref:    pythonClientName,
		Config: archive.Config{User: clientUser, Env: environment(), Entrypoint: []string{interpreter, clientAt}},
		Layers: []*archive.Layer{python, archive.LayerOf(modules...), archive.LayerOf(archive.File(clientAt, p.source("client.py"), 0o644))},
	}
	id, err := image.ID()
	if err != nil {
		return Built{}, err
	}
	image.Ref += ":" + id[:12]
	built := Built{Ref: image.Ref, File: filepath.Join(dir, "memgraph-client-python.tar")}
	return built, write(built.File, image)
}

// BuildOn writes an image into dir that adds driver and client to an image of
// others, which Docker pulls if it does not hold it.
func (p PythonClient) BuildOn(ctx context.Context, dir, base string) (Built, error) {
	driver, err := p.driver(ctx)
	if err != nil {
		return Built{}, err
	}
	client, err := os.ReadFile(p.source("client.py"))
	if err != nil {
		return Built{}, fmt.Errorf("image %s: %w", pythonClientName, err)
	}
	built := Built{
		Ref:  pythonClientName + ":" + cache.Key(base, filepath.Base(driver), string(client), strings.Join(environment(), " "))[:12],
		File: filepath.Join(dir, "memgraph-client-python.tar"),
	}
	if err := p.commit(ctx, built.Ref, base, driver); err != nil {
		return Built{}, fmt.Errorf("image %s: %w", built.Ref, err)
	}
	defer func() { _, _ = p.Run.Run(context.WithoutCancel(ctx), command.New("docker", "image", "rm", built.Ref)) }() // the file is enough
	_, err = p.Run.Run(ctx, command.New("docker", "save", "--output", built.File, built.Ref))
	return built, err
}

// commit has Docker put driver and client into a container that never runs, and
// make an image of it.
func (p PythonClient) commit(ctx context.Context, ref, base, driver string) error {
	id, err := p.Run.Run(ctx, command.New("docker", "create", base)) // which pulls it, if need be
	if err != nil {
		return err
	}
	id = strings.TrimSpace(id)
	defer func() { _, _ = p.Run.Run(context.WithoutCancel(ctx), command.New("docker", "rm", id)) }()
	for from, to := range map[string]string{driver + "/.": driverAt, p.source("client.py"): clientAt} {
		if _, err := p.Run.Run(ctx, command.New("docker", "cp", from, id+":"+to)); err != nil {
			return err
		}
	}
	change := []string{"commit", "--change", "USER " + clientUser, "--change", fmt.Sprintf(`ENTRYPOINT ["python3", %q]`, clientAt)}
	for _, variable := range environment() {
		change = append(change, "--change", "ENV "+variable)
	}
	_, err = p.Run.Run(ctx, command.New("docker", append(change, id, ref)...))
	return err
}

// driver returns a folder with the driver and what it needs, as the requirements
// pin it.
func (p PythonClient) driver(ctx context.Context) (string, error) {
	requirements := p.source("requirements.txt")
	text, err := os.ReadFile(requirements)
	if err != nil {
		return "", fmt.Errorf("python driver: %w", err)
	}
	return p.Cache.Fill(ctx, "python-driver", cache.Key(string(text)), func(ctx context.Context, tmp string) error {
		_, err := p.Run.Run(ctx, command.New("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore",
			"--no-compile", "--only-binary=:all:", "--require-hashes", "--target", tmp, "--requirement", requirements))
		return err
	})
}

// source is a file of the client.
func (p PythonClient) source(name string) string {
	return filepath.Join(p.Module, "e2e", "python", name)
}
