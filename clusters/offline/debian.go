package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/clusters/command"
)

const (
	// suite is the release of Debian that nodes run. Its containerd is 1.6, its
	// systemd 252: both know cgroup v1, which later ones do not.
	suite   = "bookworm"
	keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
)

// packages is what a node needs beside the minimum: what kind's own base image
// has, with containerd and runc from Debian as well. busybox runs the scripts
// with which the local-path-provisioner makes and removes folders.
var packages = [...]string{
	"bash", "busybox-static", "ca-certificates", "conntrack", "containerd", "containernetworking-plugins", "curl",
	"dbus", "ebtables", "ethtool", "hostname", "iproute2", "ipset", "iptables", "iputils-ping", "jq", "kmod", "libseccomp2",
	"mount", "nftables", "procps", "runc", "socat", "systemd", "systemd-sysv", "util-linux",
}

// rootTar is the file of the cache's entry that holds the Debian system.
const rootTar = "root.tar"

// debian makes a Debian system and returns the folder that holds it as rootTar.
func (b *Builder) debian(ctx context.Context, in ingredients) (string, error) {
	return b.Cache.Fill(ctx, "debian", in.debianKey(), func(ctx context.Context, tmp string) error {
		root := filepath.Join(tmp, "root")
		mirror, err := b.mirror()
		if err != nil {
			return err
		}
		b.Progress.Step("install Debian %s from %s into a folder", suite, mirror)
		bootstrap := command.New("debootstrap", "--variant=minbase", "--keyring="+b.Host.Path(keyring),
			"--include="+strings.Join(packages[:], ","), suite, root, mirror)
		if _, err := b.Run.Run(ctx, bootstrap); err != nil {
			return err
		}
		if err := prune(root); err != nil {
			return err
		}
		if err := b.pack(ctx, root, filepath.Join(tmp, rootTar)); err != nil {
			return err
		}
		return os.RemoveAll(root)
	})
}

// prune removes what no node ever reads.
func prune(root string) error {
	for _, pattern := range []string{
		"var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "var/log/*.log",
		"usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale",
	} {
		if err := removeAll(root, pattern); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes what matches a pattern under root.
func removeAll(root, pattern string) error {
	found, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		return fmt.Errorf("%s: %w", pattern, err)
	}
	for _, path := range found {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// pack writes the folder into a tar file. The program tar does that, since a
// system holds devices and hard links too.
func (b *Builder) pack(ctx context.Context, root, file string) error {
	_, err := b.Run.Run(ctx, command.New("tar", "-C", root, "--numeric-owner", "--sort=name", "-cf", file, "."))
	return err
}

func (b *Builder) unpack(ctx context.Context, file, root string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	_, err := b.Run.Run(ctx, command.New("tar", "-C", root, "--numeric-owner", "-xpf", file))
	return err
}

// mirror is the mirror of Debian that this machine's own packages come from,
// which may be the only one it reaches.
func (b *Builder) mirror() (string, error) {
	var files []string
	for _, pattern := range []string{"/etc/apt/sources.list.d/*.sources", "/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list"} {
		found, err := filepath.Glob(b.Host.Path(pattern))
		if err == nil {
			files = append(files, found...)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if mirror := mirrorIn(string(text)); mirror != "" {
			return mirror, nil
		}
	}
	return "", errors.New("apt's sources name no mirror of Debian to install a node from; add one to /etc/apt/sources.list")
}

// mirrorIn returns the first mirror of Debian itself that apt's sources name, in
// either of their two forms.
func mirrorIn(sources string) string {
	for line := range strings.Lines(sources) {
		fields := strings.Fields(line)
		if len(fields) == 0 || (fields[0] != "URIs:" && fields[0] != "deb") {
			continue
		}
		i := slices.IndexFunc(fields, func(f string) bool {
			return strings.HasPrefix(f, "http") && strings.HasSuffix(strings.TrimSuffix(f, "/"), "/debian")
		})
		if i > 0 {
			return strings.TrimSuffix(fields[i], "/")
		}
	}
	return ""
}
