package offline

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// system turns a plain Debian system into that of a kind node.
type system struct {
	root  string // of the system
	kind  string // kind's own files, as its base image has them
	pause string // the image of a pod's sandbox
	run   runner
}

func (s system) path(name string) string { return filepath.Join(s.root, name) }

// prepare does all of it. The steps do what the Dockerfile of kind's base image
// does, where Debian's own packages call for it in another way.
func (s system) prepare(ctx context.Context) error {
	for _, step := range []func() error{s.copyFiles, s.linkPrograms, s.networkPlugins, s.services, s.containerd} {
		if err := step(); err != nil {
			return err
		}
	}
	return s.baseSpec(ctx)
}

// copyFiles copies kind's files. Programs are those in a folder bin.
func (s system) copyFiles() error {
	return filepath.WalkDir(s.kind, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(s.kind, at)
		if err != nil || strings.HasPrefix(name, "LICENSES") {
			return err
		}
		mode := fs.FileMode(0o644)
		if filepath.Base(filepath.Dir(at)) == "bin" {
			mode = 0o755
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		return s.write(name, string(text), mode)
	})
}

func (s system) write(name, text string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(s.path(name), []byte(text), mode); err != nil {
		return err
	}
	return os.Chmod(s.path(name), mode)
}

// link replaces what is at name.
func (s system) link(name, target string) error {
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(s.path(name)); err != nil {
		return err
	}
	return os.Symlink(target, s.path(name))
}

// linkPrograms puts Debian's programs where kind's units look for them.
func (s system) linkPrograms() error {
	for name, target := range map[string]string{
		"usr/local/bin/containerd":              "/usr/bin/containerd",
		"usr/local/bin/ctr":                     "/usr/bin/ctr",
		"usr/local/bin/containerd-shim-runc-v2": "/usr/bin/containerd-shim-runc-v2",
		"usr/local/sbin/runc":                   "/usr/sbin/runc",
	} {
		if err := s.link(name, target); err != nil {
			return err
		}
	}
	return nil
}

func (s system) networkPlugins() error {
	for _, plugin := range []string{"host-local", "loopback", "portmap", "ptp"} {
		text, err := os.ReadFile(s.path("usr/lib/cni/" + plugin))
		if err != nil {
			return err
		}
		if err := s.write("opt/cni/bin/"+plugin, string(text), 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(s.path("etc/kubernetes/manifests"), 0o755)
}
