package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"memgraph-controller/clusters/command"
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

// services leaves only those units to start that a node needs. What a container
// shares with its host is none of its business: devices, the kernel's log,
// formats of programs.
func (s system) services() error {
	for _, pattern := range []string{
		"lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
		"lib/systemd/system/multi-user.target.wants/*", "etc/systemd/system/*.wants/*",
		"lib/systemd/system/local-fs.target.wants/*", "lib/systemd/system/basic.target.wants/*",
		"lib/systemd/system/sockets.target.wants/*udev*", "lib/systemd/system/sockets.target.wants/*initctl*",
	} {
		if err := removeAll(s.root, pattern); err != nil {
			return err
		}
	}
	for _, unit := range []string{"containerd.service", "kubelet.service", "undo-mount-hacks.service"} {
		if err := s.link("etc/systemd/system/multi-user.target.wants/"+unit, "/etc/systemd/system/"+unit); err != nil {
			return err
		}
	}
	if err := s.link("etc/systemd/system/systemd-binfmt.service", "/dev/null"); err != nil {
		return err
	}
	return s.write("etc/systemd/journald.conf.d/no-kmsg.conf", "[Journal]\nReadKMsg=no\n", 0o644)
}

var sandboxImage = regexp.MustCompile(`sandbox_image = ".*"`)

const oomScore = "restrict_oom_score_adj = false"

// containerd changes kind's configuration in two places: the sandbox is the one
// that is there, and scores that the kernel would refuse are not asked for.
// Without the latter no pod starts where CAP_SYS_RESOURCE is withheld.
func (s system) containerd() error {
	const name = "etc/containerd/config.toml"
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		return err
	}
	config := string(text)
	if !sandboxImage.MatchString(config) || !strings.Contains(config, oomScore) {
		return fmt.Errorf("%s of kind has another form than expected: look for sandbox_image and restrict_oom_score_adj", name)
	}
	config = sandboxImage.ReplaceAllString(config, fmt.Sprintf("sandbox_image = %q", s.pause))
	config = strings.Replace(config, oomScore, strings.Replace(oomScore, "false", "true", 1), 1)
	return s.write(name, config, 0o644)
}

// baseSpec writes what every container of the node starts from: what containerd
// would take by itself, with kind's hook and without limits of resources.
func (s system) baseSpec(ctx context.Context) error {
	text, err := s.run.Run(ctx, command.New("chroot", s.root, "ctr", "oci", "spec"))
	if err != nil {
		return err
	}
	spec, err := withHook([]byte(text))
	if err != nil {
		return fmt.Errorf("ctr oci spec: %w", err)
	}
	return s.write("etc/containerd/cri-base.json", string(spec), 0o644)
}

func withHook(text []byte) ([]byte, error) {
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	process, ok := spec["process"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no process in it")
	}
	delete(process, "rlimits")
	spec["hooks"] = map[string]any{"createContainer": []any{map[string]any{"path": "/kind/bin/mount-product-files.sh"}}}
	return json.MarshalIndent(spec, "", "  ")
}
