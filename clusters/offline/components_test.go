package offline

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/images/archive"
)

const kubeadmList = `registry.k8s.io/kube-apiserver:v1.34.4
registry.k8s.io/kube-controller-manager:v1.34.4
registry.k8s.io/kube-scheduler:v1.34.4
registry.k8s.io/kube-proxy:v1.34.4
registry.k8s.io/coredns/coredns:v1.12.1
registry.k8s.io/pause:3.10.1
registry.k8s.io/etcd:3.6.5-0
`

func TestImagesHaveTheNamesThatKubeadmGivesThem(t *testing.T) {
	names, err := imageNames(kubeadmList)
	require.NoError(t, err)
	require.Len(t, names, 7)
	require.Equal(t, "registry.k8s.io/coredns/coredns:v1.12.1", names["coredns"])
	require.Equal(t, "registry.k8s.io/pause:3.10.1", names["pause"])

	_, err = imageNames(kubeadmList + "registry.k8s.io/novelty:v1\n")
	require.ErrorContains(t, err, "registry.k8s.io/novelty:v1, which is not built here")
	_, err = imageNames("registry.k8s.io/kube-apiserver:v1.34.4\n")
	require.ErrorContains(t, err, "names no image of etcd")
}

// bareProgram is the text of a program that needs nothing.
func bareProgram(t *testing.T) string {
	header := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	copy(header.Ident[:], []byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)})
	var program bytes.Buffer
	require.NoError(t, binary.Write(&program, binary.LittleEndian, header))
	return program.String()
}

// withTools is a system whose tools are programs that need nothing.
func withTools(t *testing.T) string {
	root := t.TempDir()
	for _, name := range []string{"usr/sbin/xtables-nft-multi", "usr/sbin/ipset", "bin/busybox", "usr/lib/x86_64-linux-gnu/xtables/libxt_set.so"} {
		writeFile(t, filepath.Join(root, name), bareProgram(t))
	}
	return root
}

func TestEveryComponentGetsAnImage(t *testing.T) {
	names, err := imageNames(kubeadmList)
	require.NoError(t, err)
	p := parts{programs: t.TempDir(), own: t.TempDir()}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd", "coredns", "local-path-provisioner"} {
		writeFile(t, filepath.Join(p.programs, name), name)
	}
	writeFile(t, filepath.Join(p.own, "podnet"), "podnet")
	writeFile(t, filepath.Join(p.own, "pause"), "pause")
	images, err := components(names, p, withTools(t))
	require.NoError(t, err)
	refs := map[string]bool{podnetImage: true, storageImage: true, helperImage: true}
	for _, ref := range names {
		refs[ref] = true
	}
	require.Len(t, images, len(refs))
	for _, image := range images {
		require.True(t, refs[image.Ref], image.Ref)
		require.NotEmpty(t, image.Config.Env, "kubeadm calls programs by their bare names")
	}
	require.NoError(t, archive.Write(&bytes.Buffer{}, images...))
}

func TestASystemWithoutTheToolsIsNoBase(t *testing.T) {
	_, err := components(nil, parts{}, t.TempDir())
	require.ErrorContains(t, err, "xtables-nft-multi")
}
