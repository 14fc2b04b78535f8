package archive_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/images/archive"
)

func app(layers ...*archive.Layer) archive.Image {
	return archive.Image{Ref: "localhost/app:1", Config: archive.Config{User: "65532:65532", Entrypoint: []string{"/app"}}, Layers: layers}
}

func TestAnArchiveHoldsManifestConfigurationAndLayers(t *testing.T) {
	source := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(source, []byte("program"), 0o600))
	layer := archive.LayerOf(
		archive.Dir("/tmp", 0o777|fs.ModeSticky), archive.File("/app", source, 0o755),
		archive.Dir("/data", 0o700).OwnedBy(101, 103), archive.Link("/sh", "app"))
	files := unpack(t, write(t, app(layer)))

	var manifests []struct {
		Config           string
		RepoTags, Layers []string
	}
	require.NoError(t, json.Unmarshal(files["manifest.json"].body, &manifests))
	require.Len(t, manifests, 1)
	require.Equal(t, []string{"localhost/app:1"}, manifests[0].RepoTags)

	id, err := app(layer).ID()
	require.NoError(t, err)
	require.Equal(t, id+".json", manifests[0].Config)
	var config struct {
		Config struct {
			User       string
			Entrypoint []string
		}
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	require.NoError(t, json.Unmarshal(files[manifests[0].Config].body, &config))
	require.Equal(t, "65532:65532", config.Config.User)
	require.Equal(t, []string{"/app"}, config.Config.Entrypoint)
	require.Len(t, manifests[0].Layers, 1)
	require.Equal(t, "sha256:"+manifests[0].Layers[0][:64], config.RootFS.DiffIDs[0])

	inside := unpack(t, files[manifests[0].Layers[0]].body)
	require.Equal(t, "program", string(inside["app"].body))
	require.EqualValues(t, 0o755, inside["app"].Mode)
	require.EqualValues(t, 0o1777, inside["tmp/"].Mode)
	require.Equal(t, "app", inside["sh"].Linkname)
	require.Equal(t, []int{101, 103}, []int{inside["data/"].Uid, inside["data/"].Gid})
}

func TestEqualContentHasAnEqualIDAndOtherContentAnother(t *testing.T) {
	id := func(text string) string {
		id, err := app(archive.LayerOf(archive.Text("/app", text, 0o755))).ID()
		require.NoError(t, err)
		return id
	}
	require.Equal(t, id("a"), id("a"))
	require.NotEqual(t, id("a"), id("b"))
}

func TestASharedLayerIsInTheArchiveOnce(t *testing.T) {
	reads := 0
	base := archive.LayerOf(archive.Text("/base", "tools", 0o644))
	one, two := app(base, archive.LayerOf(archive.Text("/one", "", 0o644))), app(base)
	two.Ref = "localhost/two:1"
	r := tar.NewReader(bytes.NewReader(write(t, one, two)))
	names := map[string]int{}
	for h, err := r.Next(); err == nil; h, err = r.Next() {
		names[h.Name]++
		reads++
	}
	require.Len(t, names, reads, "no name is there twice")
	require.Equal(t, 2+2+1, reads, "two layers, two configurations, one manifest")
}

func TestALayerMayBeATarFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.tar")
	require.NoError(t, os.WriteFile(path, []byte("any bytes"), 0o600))
	files := unpack(t, write(t, app(archive.LayerFromTar(path))))
	for name, file := range files {
		if filepath.Ext(name) == ".tar" {
			require.Equal(t, "any bytes", string(file.body))
			return
		}
	}
	t.Fatal("no layer")
}

func TestALayerIsTheSameFromTheFileThatItWasSavedTo(t *testing.T) {
	path, layer := filepath.Join(t.TempDir(), "layer.tar"), archive.LayerOf(archive.Text("/app", "a", 0o755))
	require.NoError(t, layer.Save(path))
	saved, err := app(archive.LayerFromTar(path)).ID()
	require.NoError(t, err)
	built, err := app(layer).ID()
	require.NoError(t, err)
	require.Equal(t, built, saved)
	require.ErrorIs(t, layer.Save(filepath.Join(path, "beneath")), syscall.ENOTDIR)
}

func TestATreeKeepsModesAndLinksAndBelongsToRoot(t *testing.T) {
	source := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(source, "blobs"), 0o711))
	require.NoError(t, os.WriteFile(filepath.Join(source, "blobs", "a"), []byte("1"), 0o640))
	require.NoError(t, os.Symlink("a", filepath.Join(source, "blobs", "b")))
	entries, err := archive.Tree("/var/lib", source)
	require.NoError(t, err)
	files := unpack(t, unpackLayer(t, archive.LayerOf(entries...)))
	require.EqualValues(t, 0o711, files["var/lib/blobs/"].Mode)
	require.EqualValues(t, 0o640, files["var/lib/blobs/a"].Mode)
	require.Zero(t, files["var/lib/blobs/a"].Uid)
	require.Equal(t, "a", files["var/lib/blobs/b"].Linkname)
}

func TestAFileThatIsNotThereIsNamedWithItsImage(t *testing.T) {
	err := archive.Write(io.Discard, app(archive.LayerOf(archive.File("/app", "/no/such/file", 0o755))))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "localhost/app:1")
	require.ErrorContains(t, err, "/no/such/file")
}

func TestAWriterThatFailsEndsTheArchive(t *testing.T) {
	full := errors.New("disk full")
	err := archive.Write(writerFunc(func([]byte) (int, error) { return 0, full }), app(archive.LayerOf()))
	require.ErrorIs(t, err, full)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type file struct {
	tar.Header
	body []byte
}

func write(t *testing.T, images ...archive.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, archive.Write(&out, images...))
	return out.Bytes()
}

// unpackLayer returns the layer's own tar.
func unpackLayer(t *testing.T, layer *archive.Layer) []byte {
	t.Helper()
	for name, file := range unpack(t, write(t, app(layer))) {
		if filepath.Ext(name) == ".tar" {
			return file.body
		}
	}
	return nil
}

func unpack(t *testing.T, text []byte) map[string]file {
	t.Helper()
	files := map[string]file{}
	r := tar.NewReader(bytes.NewReader(text))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		files[h.Name] = file{*h, body}
	}
}
