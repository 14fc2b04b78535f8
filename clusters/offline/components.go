package offline

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images/archive"
)

// The images that only this package's manifests name.
const (
	podnetImage  = "localhost/podnet:1"
	storageImage = "localhost/local-path-provisioner:1"
	helperImage  = "localhost/local-path-helper:1"
)

// componentNames asks kubeadm which images it will start, by the last part of
// their names. What is in them is up to us: CoreDNS, for one, is of the version
// that fits client-go of this module, under the name that kubeadm gives it.
func (b *Builder) componentNames(ctx context.Context, in ingredients, programs string) (map[string]string, error) {
	kubeadm := command.New(filepath.Join(programs, "kubeadm"), "config", "images", "list", "--kubernetes-version", in.kubernetes.Version)
	out, err := b.Run.Run(ctx, kubeadm)
	if err != nil {
		return nil, err
	}
	return imageNames(out)
}

// imageNames reads kubeadm's list and makes sure that it names what is built here
// and nothing else.
func imageNames(list string) (map[string]string, error) {
	names := map[string]string{}
	for _, ref := range strings.Fields(list) {
		repository, _, _ := strings.Cut(ref, ":")
		names[path.Base(repository)] = ref
	}
	known := append([]string{"etcd", "coredns", "pause"}, podPrograms[:]...)
	for _, name := range known {
		if names[name] == "" {
			return nil, fmt.Errorf("kubeadm names no image of %s; it lists:\n%s", name, list)
		}
	}
	for name, ref := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("kubeadm wants the image %s, which is not built here", ref)
		}
	}
	return names, nil
}

// components are the images of all that runs in pods of the system. The tools of
// root go into those that change rules of the kernel.
func components(names map[string]string, p parts, root string) ([]archive.Image, error) {
	base := archive.LayerOf(skeleton()...)
	tools, err := toolLayer(root)
	if err != nil {
		return nil, fmt.Errorf("tools of the pod network: %w", err)
	}
	program := func(ref, folder, name string, below ...*archive.Layer) archive.Image {
		at := "/usr/local/bin/" + name
		own := archive.LayerOf(archive.File(at, filepath.Join(folder, name), 0o755))
		return archive.Image{Ref: ref, Layers: append(append([]*archive.Layer{base}, below...), own),
			Config: archive.Config{Env: []string{searchPath}, Entrypoint: []string{at}}}
	}
	images := []archive.Image{
		program(names["kube-proxy"], p.programs, "kube-proxy", tools),
		program(podnetImage, p.own, "podnet", tools),
		program(names["etcd"], p.programs, "etcd"),
		program(names["coredns"], p.programs, "coredns"),
		program(names["pause"], p.own, "pause"),
		program(storageImage, p.programs, "local-path-provisioner"),
		{Ref: helperImage, Layers: []*archive.Layer{base, shellLayer(root)}, Config: archive.Config{Env: []string{searchPath}}},
	}
	for _, name := range podPrograms {
		if name != "kube-proxy" {
			images = append(images, program(names[name], p.programs, name))
		}
	}
	return images, nil
}

// searchPath lets manifests of kubeadm call programs by their bare names.
const searchPath = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// skeleton is what any program may expect of its file system.
func skeleton() []archive.Entry {
	return []archive.Entry{
		archive.Dir("/etc", 0o755),
		archive.Text("/etc/passwd", "root:x:0:0:root:/:/bin/sh\n", 0o644),
		archive.Text("/etc/group", "root:x:0:\n", 0o644),
		archive.Dir("/tmp", 0o777|fs.ModeSticky),
		archive.Dir("/run", 0o755),
	}
}

// toolLayer holds iptables and ipset.
func toolLayer(root string) (*archive.Layer, error) {
	c := newClosure(root)
	for _, program := range []string{"/usr/sbin/xtables-nft-multi", "/usr/sbin/ipset"} {
		if err := c.add(program); err != nil {
			return nil, err
		}
	}
	// What iptables loads at run time.
	if err := c.addAll("usr/lib/*-linux-gnu/xtables/*.so"); err != nil {
		return nil, err
	}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, action := range []string{"", "-save", "-restore"} {
			c.entries = append(c.entries, archive.Link("/usr/sbin/"+family+action, "xtables-nft-multi"))
		}
	}
	return archive.LayerOf(c.entries...), nil
}

// shellLayer holds a shell with the two commands that are run in it.
func shellLayer(root string) *archive.Layer {
	entries := []archive.Entry{archive.File("/bin/busybox", filepath.Join(root, "bin", "busybox"), 0o755)}
	for _, name := range []string{"sh", "mkdir", "rm"} {
		entries = append(entries, archive.Link("/bin/"+name, "busybox"))
	}
	return archive.LayerOf(entries...)
}
