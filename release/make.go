package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
)

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

// Make makes a release.
func Make(ctx context.Context, run runner, p Plan) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if err := os.MkdirAll(p.Out, 0o755); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	for _, arch := range architectures() {
		if err := p.program(ctx, run, arch); err != nil {
			return fmt.Errorf("release %s for %s: %w", p.Version, arch, err)
		}
	}
	for _, part := range []func(context.Context, runner) error{p.licences, p.chart} {
		if err := part(ctx, run); err != nil {
			return fmt.Errorf("release %s: %w", p.Version, err)
		}
	}
	return p.sums()
}

// program makes the program of one architecture, its image and its bill of materials.
func (p Plan) program(ctx context.Context, run runner, arch string) error {
	dir, err := os.MkdirTemp(p.Out, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil { // the compiler runs in another folder
		return err
	}
	product := images.Controller()
	product.Arch, product.Stamped = arch, true
	built, err := images.Build(ctx, run, p.Module, dir, product)
	if err != nil {
		return err
	}
	binary := filepath.Join(p.Out, "memgraph-controller-linux-"+arch)
	if err := os.Rename(filepath.Join(dir, filepath.Base(product.Name)), binary); err != nil {
		return err
	}
	if err := os.Rename(built.File, filepath.Join(p.Out, "image-"+arch+".tar")); err != nil {
		return err
	}
	if err := p.stamped(binary); err != nil {
		return err
	}
	return p.bill(ctx, run, binary)
}

// stamped refuses a program that is not of the tag, or not of it alone. A version from v2
// on would have to be in the module's path, or Go does not stamp it.
func (p Plan) stamped(binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	if info.Main.Version != p.Version {
		return fmt.Errorf("the program calls itself %s: check out the tag %s, without any change", info.Main.Version, p.Version)
	}
	return nil
}

// bill writes the CycloneDX bill of materials of a program, made of what the linker put
// into it. It has no time and no serial number, so that it is the same each time, and no
// licences: the generator takes some for others (ISC for 0BSD), see licences.
func (p Plan) bill(ctx context.Context, run runner, binary string) error {
	_, err := run.Run(ctx, command.New(filepath.Join(p.Tools, "cyclonedx-gomod"), "bin", "-json", "-std", "-noserial", "-notimestamp",
		"-version", p.Version, "-output", binary+".cdx.json", binary))
	return err
}

// chart packages the chart, which then installs this version's image by itself.
func (p Plan) chart(ctx context.Context, run runner) error {
	dir, err := os.MkdirTemp(p.Out, "chart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "memgraph-controller")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(p.Module, "charts", "memgraph-controller"))); err != nil {
		return err
	}
	if err := p.nameImage(filepath.Join(copied, "values.yaml")); err != nil {
		return err
	}
	_, err = run.Run(ctx, command.New(filepath.Join(p.Tools, "helm"), "package", copied, "--destination", p.Out,
		"--version", p.Tag(), "--app-version", p.Tag()))
	return err
}

// nameImage writes where the image is into the chart's values.
func (p Plan) nameImage(values string) error {
	const unnamed = "repository: memgraph-controller/memgraph-controller\n"
	text, err := os.ReadFile(values)
	if err != nil {
		return err
	}
	if bytes.Count(text, []byte(unnamed)) != 1 {
		return fmt.Errorf("the chart's values do not say %q once", unnamed)
	}
	return os.WriteFile(values, bytes.Replace(text, []byte(unnamed), []byte("repository: "+p.Image+"\n"), 1), 0o644)
}

const sumsFile = "SHA256SUMS"

// sums writes the sums of all files, in the form that `sha256sum --check` reads.
func (p Plan) sums() error {
	entries, err := os.ReadDir(p.Out)
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	var list bytes.Buffer
	for _, e := range entries {
		if e.IsDir() || e.Name() == sumsFile {
			continue
		}
		sum, err := sumOf(filepath.Join(p.Out, e.Name()))
		if err != nil {
			return fmt.Errorf("release: %w", err)
		}
		fmt.Fprintf(&list, "%x  %s\n", sum, e.Name())
	}
	return os.WriteFile(filepath.Join(p.Out, sumsFile), list.Bytes(), 0o644)
}

func sumOf(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hash.Sum(nil), err
}
