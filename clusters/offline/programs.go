package offline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// The programs of Kubernetes, all from one module. The first four run in pods of
// the control plane and of every node, the rest on the node itself.
var (
	podPrograms  = [...]string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"}
	nodePrograms = [...]string{"kubelet", "kubeadm", "kubectl"}
)

const (
	etcdPackage    = "go.etcd.io/etcd/server/v3" // compiles to "server"
	storagePackage = "github.com/rancher/local-path-provisioner"
	// memoryPerBuild is what one linker of a program of Kubernetes takes (1.9 GB
	// measured), with some room.
	memoryPerBuild = 3 << 30
)

// programs compiles what the module clusters/nodeimage pins and holds, and
// returns the two folders: others' programs change with their versions only.
func (b *Builder) programs(ctx context.Context, in ingredients) (others, own string, err error) {
	others, err = b.Cache.Fill(ctx, "programs", in.programsKey(), func(ctx context.Context, tmp string) error {
		b.Progress.Step("compile Kubernetes %s, etcd and CoreDNS (about 8 minutes on 2 idle cores, once)", in.kubernetes.Version)
		if err := b.compile(ctx, in.flags(), tmp, otherPackages()...); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(tmp, "server"), filepath.Join(tmp, "etcd")); err != nil {
			return err
		}
		// Alone: it imports a module under a path that differs from that of the
		// others in upper case only, which go build refuses to see together.
		b.Progress.Step("compile local-path-provisioner %s", in.storage.Version)
		return b.compile(ctx, in.flags(), tmp, storagePackage)
	})
	if err != nil {
		return "", "", err
	}
	own, err = b.Cache.Fill(ctx, "podnet", in.ownKey(), func(ctx context.Context, tmp string) error {
		b.Progress.Step("compile the pod network")
		return b.compile(ctx, in.flags(), tmp, "./podnet", "./pause")
	})
	return others, own, err
}

func otherPackages() []string {
	list := []string{etcdPackage, "./coredns"}
	for _, name := range append(podPrograms[:], nodePrograms[:]...) {
		list = append(list, "k8s.io/kubernetes/cmd/"+name)
	}
	return list
}

// compile builds packages of the node module into dir.
func (b *Builder) compile(ctx context.Context, flags []string, dir string, packages ...string) error {
	args := append([]string{"build", "-p", strconv.Itoa(b.parallel()), "-o", dir + "/"}, flags...)
	_, err := b.goTool(ctx, b.nodeModule(), append(args, packages...)...)
	return err
}

// flags give Kubernetes the version that its parts ask each other for. The commit
// and the date are unknown here, and the same each time for equal programs.
func (in ingredients) flags() []string {
	major, minor, _ := strings.Cut(strings.TrimPrefix(in.kubernetes.Version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	stamps := [...][2]string{
		{"gitVersion", in.kubernetes.Version}, {"gitMajor", major}, {"gitMinor", minor}, {"gitTreeState", "clean"},
		{"gitCommit", strings.Repeat("0", 40)}, {"buildDate", "1970-01-01T00:00:00Z"},
	}
	ldflags := "-s -w"
	for _, versions := range [...]string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, s := range stamps {
			ldflags += fmt.Sprintf(" -X %s.%s=%s", versions, s[0], s[1])
		}
	}
	return []string{"-trimpath", "-buildvcs=false", "-ldflags=" + ldflags}
}

// parallel is how many packages to compile or programs to link at a time: one for
// each processor, as far as the memory goes.
func (b *Builder) parallel() int {
	n := runtime.NumCPU()
	text, err := os.ReadFile(b.Host.Path("/proc/meminfo"))
	if err != nil {
		return n
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemAvailable:" {
			continue
		}
		if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return max(1, min(n, int(kib<<10/memoryPerBuild)))
		}
	}
	return n
}
