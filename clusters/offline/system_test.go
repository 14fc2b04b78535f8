package offline

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters/command"
)

const containerdConfig = "[plugins.cri]\n  sandbox_image = \"registry.k8s.io/pause:3.10\"\n  restrict_oom_score_adj = false\n"

// chroot answers for ctr.
type chroot struct{}

func (chroot) Run(context.Context, command.Command) (string, error) {
	return `{"ociVersion": "1.0.2", "process": {"cwd": "/", "rlimits": [{"type": "RLIMIT_NOFILE"}]}}`, nil
}

// debian is a system that has what prepare takes from it.
func debian(t *testing.T) system {
	s := system{root: t.TempDir(), kind: t.TempDir(), pause: "registry.k8s.io/pause:3.10.1", run: chroot{}}
	for _, plugin := range []string{"host-local", "loopback", "portmap", "ptp"} {
		writeFile(t, s.path("usr/lib/cni/"+plugin), plugin)
	}
	for _, unit := range []string{"multi-user.target.wants/getty.service", "sysinit.target.wants/systemd-tmpfiles-setup.service", "sysinit.target.wants/keep.service"} {
		writeFile(t, s.path("lib/systemd/system/"+unit), "")
	}
	writeFile(t, filepath.Join(s.kind, "usr/local/bin/entrypoint"), "#!/bin/bash")
	writeFile(t, filepath.Join(s.kind, "kind/bin/hook.sh"), "#!/bin/bash")
	writeFile(t, filepath.Join(s.kind, "LICENSES/README.txt"), "")
	writeFile(t, filepath.Join(s.kind, "etc/systemd/system/kubelet.service.d/10-kubeadm.conf"), "[Service]")
	writeFile(t, filepath.Join(s.kind, "etc/containerd/config.toml"), containerdConfig)
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestADebianSystemBecomesThatOfANode(t *testing.T) {
	s := debian(t)
	require.NoError(t, s.prepare(t.Context()))

	for name, mode := range map[string]os.FileMode{
		"usr/local/bin/entrypoint": 0o755, "kind/bin/hook.sh": 0o755, "opt/cni/bin/ptp": 0o755,
		"etc/systemd/system/kubelet.service.d/10-kubeadm.conf": 0o644,
	} {
		info, err := os.Stat(s.path(name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	require.NoDirExists(t, s.path("LICENSES"))
	require.DirExists(t, s.path("etc/kubernetes/manifests"))

	require.NoFileExists(t, s.path("lib/systemd/system/multi-user.target.wants/getty.service"))
	require.NoFileExists(t, s.path("lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service"))
	require.FileExists(t, s.path("lib/systemd/system/sysinit.target.wants/keep.service"))
	target, err := os.Readlink(s.path("etc/systemd/system/multi-user.target.wants/kubelet.service"))
	require.NoError(t, err)
	require.Equal(t, "/etc/systemd/system/kubelet.service", target)

	config := read(t, s.path("etc/containerd/config.toml"))
	require.Contains(t, config, `sandbox_image = "registry.k8s.io/pause:3.10.1"`)
	require.Contains(t, config, "restrict_oom_score_adj = true")
}

func TestContainersStartWithKindsHookAndWithoutLimits(t *testing.T) {
	s := debian(t)
	require.NoError(t, s.prepare(t.Context()))
	require.JSONEq(t, `{"ociVersion": "1.0.2", "process": {"cwd": "/"},
		"hooks": {"createContainer": [{"path": "/kind/bin/mount-product-files.sh"}]}}`, read(t, s.path("etc/containerd/cri-base.json")))
}

func TestAnotherFormOfKindsFilesIsNoticed(t *testing.T) {
	s := debian(t)
	writeFile(t, filepath.Join(s.kind, "etc/containerd/config.toml"), "version = 3\n")
	require.ErrorContains(t, s.prepare(t.Context()), "look for sandbox_image")
	_, err := withHook([]byte(`{"linux": {}}`))
	require.Error(t, err)
}

func TestKindFindsProgramsVersionAndManifestsOnTheNode(t *testing.T) {
	s, programs := debian(t), t.TempDir()
	for _, name := range nodePrograms {
		writeFile(t, filepath.Join(programs, name), name)
	}
	require.NoError(t, s.kubernetes("v1.34.4", programs))
	require.Equal(t, "v1.34.4", read(t, s.path("kind/version")))
	require.Equal(t, "kubelet", read(t, s.path("usr/bin/kubelet")))

	network, storage := read(t, s.path("kind/manifests/default-cni.yaml")), read(t, s.path("kind/manifests/default-storage.yaml"))
	require.Contains(t, network, "would you kindly template this file", "kind looks for these words")
	require.Contains(t, network, "{{ .PodSubnet }}")
	require.Contains(t, network, "image: "+podnetImage)
	require.Contains(t, storage, "image: "+storageImage)
	require.Contains(t, storage, "--helper-image, "+helperImage)
	for _, text := range []string{network, storage} {
		require.NotRegexp(t, "[A-Z]+_IMAGE$", text)
		for _, document := range documents(t, text) {
			require.NotEmpty(t, document["kind"])
		}
	}
}

// documents splits a manifest as kubectl does.
func documents(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for part := range strings.SplitSeq(text, "\n---\n") {
		var document map[string]any
		require.NoError(t, yaml.UnmarshalStrict([]byte(part), &document))
		all = append(all, document)
	}
	return all
}
