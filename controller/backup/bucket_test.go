package backup

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/backup/buckettest"
)

// bucket is a store in a bucket of its own.
func bucket(t *testing.T) Store {
	t.Helper()
	endpoint := buckettest.Start(t, "key", map[string]string{"other/x": "not ours"})
	store, err := Open("s3://graphs/prod/", S3{Endpoint: endpoint, Region: "eu", AccessKey: "key", SecretKey: "secret"})
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

func TestABucketWhoseKeyIsWrongSaysSo(t *testing.T) {
	endpoint := buckettest.Start(t, "key", nil)
	store, err := Open("s3://graphs", S3{Endpoint: endpoint, Region: "eu", AccessKey: "another", SecretKey: "secret"})
	require.NoError(t, err)
	_, err = store.List(t.Context())
	require.ErrorContains(t, err, "list s3://graphs: ")
	require.ErrorContains(t, err, "no such key")
}
