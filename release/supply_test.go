package release_test

import (
	"bufio"
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/release"
)

const (
	root  = ".."
	tools = root + "/out/bin"
	crane = "out/bin/crane" // as seen from root
	tag   = "v1.9.8"
	image = "127.0.0.1/me/memgraph-controller"
)

// needsTools skips what `make supply` has the programs for.
func needsTools(t *testing.T) {
	t.Helper()
	if os.Getenv("SUPPLY") == "" {
		t.Skip("needs the programs of tools/supply: make supply")
	}
}

// run runs a program, and wants it to succeed.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := command.New(name, args...)
	c.Dir = dir
	out, err := command.Exec{}.Run(t.Context(), c)
	require.NoError(t, err)
	return out
}

// checkout is a work tree in dir with what git tracks here, and what it would track, as
// the one commit of a tag. Its hash is the same each time.
func checkout(t *testing.T, dir string) {
	t.Helper()
	for name := range strings.SplitSeq(strings.TrimSuffix(run(t, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		require.NoError(t, err)
		info, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, info.Mode().Perm()))
	}
	git := func(args ...string) {
		c := command.New("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0"}, args...)...)
		c.Dir, c.Env = dir, []string{"GIT_AUTHOR_DATE=2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z"}
		_, err := command.Exec{}.Run(t.Context(), c)
		require.NoError(t, err)
	}
	git("init", "--quiet", "--initial-branch=main")
	git("add", "--all", "--force")
	git("commit", "--quiet", "--message", "one")
	git("tag", tag)
}

// released makes a release in a folder of the given name.
func released(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	checkout(t, dir)
	out := filepath.Join(t.TempDir(), "release")
	require.NoError(t, release.Make(t.Context(), command.Exec{}, plan(dir, out)))
	return out
}

func plan(module, out string) release.Plan {
	return release.Plan{Module: module, Tools: tools, Version: tag, Image: image, Out: out}
}

// files are what a release consists of.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[filepath.Base(path)], err = os.ReadFile(path)
		}
		return err
	}))
	return all
}

func TestARelease(t *testing.T) {
	needsTools(t)
	if os.Getenv("FULL") != "" { // else what both compile is compiled once
		t.Setenv("GOCACHE", t.TempDir())
	}
	one := released(t, "a")
	parts := files(t, one)

	t.Run("is complete, and its sums are right", func(t *testing.T) {
		names := []string{
			"memgraph-controller-linux-amd64", "memgraph-controller-linux-amd64.cdx.json", "image-amd64.tar",
			"memgraph-controller-linux-arm64", "memgraph-controller-linux-arm64.cdx.json", "image-arm64.tar",
			"memgraph-controller-1.9.8.tgz", "LICENSES.txt",
		}
		for _, name := range names {
			require.Contains(t, string(parts["SHA256SUMS"]), "  "+name+"\n")
		}
		require.Len(t, parts, len(names)+1)
		run(t, one, "sha256sum", "--check", "--strict", "SHA256SUMS")
	})

	t.Run("is the same from another folder", func(t *testing.T) {
		if os.Getenv("FULL") != "" {
			t.Setenv("GOCACHE", t.TempDir())
		}
		other := files(t, released(t, "another/with a longer name"))
		for name, text := range parts {
			if strings.HasSuffix(name, ".tgz") || name == "SHA256SUMS" { // helm notes the time
				continue
			}
			require.True(t, bytes.Equal(text, other[name]), "%s differs", name)
			require.False(t, bytes.Contains(text, []byte(filepath.Dir(filepath.Dir(one)))), "%s knows where it was made", name)
		}
	})

	// What the test above rests on: a difference of one word is seen.
	t.Run("of other source is another", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "a")
		checkout(t, dir)
		source := filepath.Join(dir, "main.go")
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		changed := bytes.Replace(text, []byte("Print the program's version."), []byte("Print the version of this."), 1)
		require.NotEqual(t, text, changed)
		require.NoError(t, os.WriteFile(source, changed, 0o600))
		err = release.Make(t.Context(), command.Exec{}, plan(dir, t.TempDir()))
		require.ErrorContains(t, err, "without any change", "and it is not the tag's any more")

		run(t, dir, "git", "tag", "--delete", tag)
		run(t, dir, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--all", "--message", "two")
		run(t, dir, "git", "tag", tag)
		out := t.TempDir()
		require.NoError(t, release.Make(t.Context(), command.Exec{}, plan(dir, out)))
		other := files(t, out)
		for name := range parts {
			require.Equal(t, name == "LICENSES.txt", bytes.Equal(parts[name], other[name]), name)
		}
	})

	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		binary := filepath.Join(one, "memgraph-controller-linux-"+arch)
		t.Run(arch+" needs no library", func(t *testing.T) {
			program, err := elf.Open(binary)
			require.NoError(t, err)
			defer func() { _ = program.Close() }()
			require.Equal(t, machine, program.Machine)
			for _, part := range program.Progs {
				require.NotEqual(t, elf.PT_INTERP, part.Type, "it is linked dynamically")
			}
		})
		t.Run(arch+" has a bill that names every module", func(t *testing.T) {
			info, err := buildinfo.ReadFile(binary)
			require.NoError(t, err)
			want := map[string]string{"std": info.GoVersion}
			for _, module := range info.Deps {
				require.Nil(t, module.Replace)
				want[module.Path] = module.Version
			}
			require.Equal(t, want, billed(t, parts["memgraph-controller-linux-"+arch+".cdx.json"]))
			require.Greater(t, len(want), 20, "this is the product's list")
		})
	}

	t.Run("is published for both architectures under one name", func(t *testing.T) {
		registry := serveRegistry(t)
		name := registry + "/me/memgraph-controller"
		run(t, root, "make", "--no-print-directory", "publish", "VERSION="+tag, "IMAGE="+name, "RELEASE="+one, "CHARTS=oci://"+registry+"/me/charts", "HELMFLAGS=--plain-http")
		digest, err := os.ReadFile(filepath.Join(one, "digests", "image"))
		require.NoError(t, err)
		require.Equal(t, run(t, root, crane, "digest", name+":1.9.8"), string(digest), "what is signed is what is found")
		for _, arch := range []string{"amd64", "arm64"} {
			var config struct{ Architecture string }
			text := run(t, root, crane, "config", "--platform", "linux/"+arch, name+":1.9.8")
			require.NoError(t, json.Unmarshal([]byte(text), &config))
			require.Equal(t, arch, config.Architecture)
			inside := run(t, root, "sh", "-c", crane+" export --platform linux/"+arch+" "+name+":1.9.8 - | tar --extract --to-stdout memgraph-controller | sha256sum")
			require.Equal(t, strings.Fields(inside)[0], sumIn(t, string(parts["SHA256SUMS"]), "memgraph-controller-linux-"+arch))
		}
		chart, err := os.ReadFile(filepath.Join(one, "digests", "chart"))
		require.NoError(t, err)
		require.Equal(t, run(t, root, crane, "digest", registry+"/me/charts/memgraph-controller:1.9.8"), string(chart))
	})
}

// billed reads the components of a CycloneDX bill of materials.
func billed(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var bill struct {
		Metadata   struct{ Component struct{ Version string } }
		Components []struct{ Name, Version string }
	}
	require.NoError(t, json.Unmarshal(text, &bill))
	require.Equal(t, tag, bill.Metadata.Component.Version)
	modules := map[string]string{}
	for _, c := range bill.Components {
		modules[c.Name] = c.Version
	}
	return modules
}

func sumIn(t *testing.T, sums, name string) string {
	t.Helper()
	for line := range strings.Lines(sums) {
		if sum, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); file == name {
			return sum
		}
	}
	t.Fatalf("no sum of %s", name)
	return ""
}

// serveRegistry runs an image registry on this machine and returns where.
func serveRegistry(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	server := exec.Command(filepath.Join(root, crane), "registry", "serve", "--address", address)
	stderr, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	said := bufio.NewScanner(stderr)
	require.True(t, said.Scan(), "it serves, and says so")
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
	return address
}

func TestEveryLicenceIsAllowed(t *testing.T) {
	needsTools(t)
	for _, arch := range []string{"amd64", "arm64"} {
		list, err := plan(root, "").Libraries(t.Context(), command.Exec{}, arch)
		require.NoError(t, err)
		require.Empty(t, release.Disallowed(list))
		missing := modules(t, arch)
		for module := range missing {
			for _, l := range list {
				if l.Path == module || strings.HasPrefix(l.Path, module+"/") {
					delete(missing, module)
				}
			}
		}
		require.Empty(t, missing, "modules whose licence nobody looked at")
	}
}

// modules are those that packages of the product are from.
func modules(t *testing.T, arch string) map[string]bool {
	t.Helper()
	c := command.New("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")
	c.Dir, c.Env = root, []string{"GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=0"}
	out, err := command.Exec{}.Run(t.Context(), c)
	require.NoError(t, err)
	all := map[string]bool{}
	for _, path := range strings.Fields(out) {
		all[path] = true
	}
	require.Greater(t, len(all), 20, "this is the product's list")
	return all
}
