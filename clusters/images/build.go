package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

// Built is an image in a file.
type Built struct {
	Ref  string // name and tag
	File string // docker-archive
}

// Build compiles a program of the module in the folder module and writes its image
// into dir.
func Build(ctx context.Context, run runner, module, dir string, p Program) (Built, error) {
	program := filepath.Join(dir, filepath.Base(p.Name))
	build := p.compile(program)
	build.Dir = module
	if _, err := run.Run(ctx, build); err != nil {
		return Built{}, fmt.Errorf("image %s: %w", p.Name, err)
	}
	built := Built{File: program + ".tar"}
	image, err := p.image(program)
	if err != nil {
		return Built{}, err
	}
	built.Ref = image.Ref
	return built, write(built.File, image)
}

// compile is the command that compiles the program to a file. The same source makes the
// same bytes, wherever it lies: no path of this machine gets in, and no C library.
func (p Program) compile(to string) command.Command {
	args := []string{"build", "-trimpath", "-ldflags=-s -w"}
	if p.Stamped {
		args = append(args, "-buildvcs=true")
	}
	c := command.New("go", append(args, "-o", to, p.Package)...)
	c.Env = []string{"CGO_ENABLED=0"}
	if p.Arch != "" {
		c.Env = append(c.Env, "GOOS=linux", "GOARCH="+p.Arch)
	}
	return c
}

// image has the program, which was compiled to the given file, above what lies
// beside it: the lower layer changes less often.
func (p Program) image(program string) (archive.Image, error) {
	i := archive.Image{Ref: p.Name, Arch: p.Arch, Config: archive.Config{User: p.User, Entrypoint: []string{p.At}}, Layers: []*archive.Layer{
		archive.LayerOf(p.Beside...),
		archive.LayerOf(archive.File(p.At, program, 0o755)),
	}}
	id, err := i.ID()
	if err != nil {
		return i, err
	}
	i.Ref = p.Name + ":" + id[:12]
	return i, nil
}

func write(path string, image archive.Image) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("image %s: %w", image.Ref, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return archive.Write(file, image)
}
