package backup

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// bucketServer is as much of an S3 server as the store uses: objects whole and in parts.
type bucketServer struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[int][]byte
}

// ServeHTTP implements http.Handler. Paths are /bucket/KEY.
func (b *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Has("location"):
		fmt.Fprint(w, `<LocationConstraint></LocationConstraint>`)
	case r.Method == http.MethodGet && key == "":
		b.list(w, query.Get("prefix"))
	case r.Method == http.MethodPost && query.Has("uploads"):
		b.parts = map[int][]byte{}
		fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPost && query.Has("uploadId"):
		var whole []byte
		for _, n := range slices.Sorted(maps.Keys(b.parts)) {
			whole = append(whole, b.parts[n]...)
		}
		b.objects[key] = whole
		fmt.Fprintf(w, `<CompleteMultipartUploadResult><Bucket>graphs</Bucket><Key>%s</Key><ETag>"e"</ETag></CompleteMultipartUploadResult>`, key)
	case r.Method == http.MethodPut:
		content, err := body(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("ETag", `"e"`)
		if n, err := strconv.Atoi(query.Get("partNumber")); err == nil {
			b.parts[n] = content
			return
		}
		b.objects[key] = content
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		content, there := b.objects[key]
		if !there {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
			return
		}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Wed, 04 Mar 2026 05:06:07 GMT")
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(content)
		}
	}
}

func (b *bucketServer) list(w io.Writer, prefix string) {
	type object struct {
		Key  string
		Size int
	}
	var result struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []object
	}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, object{key, len(b.objects[key])})
		}
	}
	_ = xml.NewEncoder(w).Encode(result)
}

// body is what was sent, out of the signed chunks in which it comes.
func body(r *http.Request) ([]byte, error) {
	if r.Header.Get("X-Amz-Decoded-Content-Length") == "" {
		return io.ReadAll(r.Body)
	}
	lines := bufio.NewReader(r.Body)
	var content []byte
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil || n == 0 {
			_, _ = io.Copy(io.Discard, lines) // trailers
			return content, err
		}
		chunk := make([]byte, n+2) // and its line end
		if _, err := io.ReadFull(lines, chunk); err != nil {
			return nil, err
		}
		content = append(content, chunk[:n]...)
	}
}

// bucket is a store in a bucket of its own.
func bucket(t *testing.T) Store {
	t.Helper()
	server := httptest.NewServer(&bucketServer{objects: map[string][]byte{"other/x": []byte("not ours")}})
	t.Cleanup(server.Close)
	store, err := Open("s3://graphs/prod/", S3{Endpoint: server.URL, Region: "eu", AccessKey: "key", SecretKey: "secret"})
	require.NoError(t, err)
	return store
}

func eachStore(t *testing.T, test func(t *testing.T, store Store)) {
	t.Run("folder", func(t *testing.T) { test(t, Folder(t.TempDir())) })
	t.Run("bucket", func(t *testing.T) { test(t, bucket(t)) })
}

func content(t *testing.T, store Store, name string) string {
	t.Helper()
	file, err := store.Get(t.Context(), name)
	require.NoError(t, err)
	defer file.Close()
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	return string(data)
}

func put(t *testing.T, store Store, name, text string) {
	t.Helper()
	require.NoError(t, store.Put(t.Context(), name, int64(len(text)), strings.NewReader(text)))
}

func TestStoresKeepWhatWasPut(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		names, err := store.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, names)
		put(t, store, "a/1", "one")
		put(t, store, "b/2", "two")
		put(t, store, "a/1", "one again")
		require.Equal(t, "one again", content(t, store, "a/1"))
		names, err = store.List(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"a/1", "b/2"}, names)
		require.NoError(t, store.Remove(t.Context(), "a/1"))
		require.NoError(t, store.Remove(t.Context(), "a/1"), "what is not there is no error")
		_, err = store.Get(t.Context(), "a/1")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// More than a part, as every real snapshot is.
func TestStoresKeepLargeFiles(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), (partSize*2+4096)/16)
	eachStore(t, func(t *testing.T, store Store) {
		// A reader that can do nothing but read, as a stream.
		require.NoError(t, store.Put(t.Context(), "a/large", int64(len(large)), struct{ io.Reader }{bytes.NewReader(large)}))
		require.Equal(t, string(large), content(t, store, "a/large"))
	})
}

// brokenStream ends in the middle.
type brokenStream struct{ left int }

func (b *brokenStream) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the connection was lost")
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func TestWhatBreaksInTheMiddleIsNotStored(t *testing.T) {
	eachStore(t, func(t *testing.T, store Store) {
		require.Error(t, store.Put(t.Context(), "a/1", 1000, &brokenStream{left: 500}))
		names, err := store.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, names)
	})
}

func TestBadAddressesAreRefused(t *testing.T) {
	for _, address := range []string{"", "backups", "./backups", "s3://", "s3:///x"} {
		_, err := Open(address, S3{})
		require.ErrorContains(t, err, "store", address)
	}
	_, err := Open("s3://graphs", S3{Endpoint: "minio:9000"})
	require.ErrorContains(t, err, "a URL such as https://s3.example.com")
}
