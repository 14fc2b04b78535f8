package backup

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is a store in an S3-compatible bucket.
type Bucket struct {
	client       *minio.Client
	name, prefix string
}

// S3 is how a bucket is reached.
type S3 struct {
	// Endpoint is a URL; empty: AWS. Region may be empty where the server has none.
	Endpoint, Region string
	// AccessKey and SecretKey; both empty: those of the environment that AWS gives to pods.
	AccessKey, SecretKey string
}

// partSize bounds the memory that an upload takes: a part is held until it is sent. There
// may be 10,000 parts, so a snapshot may have 156 GiB. And an exec stream that is not read
// for 60 s ends, so a part has to be sent in that time.
const partSize = 16 << 20

// Open opens a store by its address: s3://BUCKET/PREFIX, or the path of a folder.
func Open(address string, s3 S3) (Store, error) {
	rest, found := strings.CutPrefix(address, "s3://")
	if !found {
		if !path.IsAbs(address) {
			return nil, fmt.Errorf("store %q: name a folder by its absolute path, or a bucket as s3://BUCKET/PREFIX", address)
		}
		return Folder(address), nil
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	endpoint := "https://s3.amazonaws.com"
	if s3.Endpoint != "" {
		endpoint = s3.Endpoint
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" || bucket == "" {
		return nil, fmt.Errorf("store %q at %q: a bucket and a URL such as https://s3.example.com are needed", address, endpoint)
	}
	keys := credentials.NewIAM("")
	if s3.AccessKey != "" {
		keys = credentials.NewStaticV4(s3.AccessKey, s3.SecretKey, "")
	}
	client, err := minio.New(at.Host, &minio.Options{Creds: keys, Secure: at.Scheme == "https", Region: s3.Region})
	if err != nil {
		return nil, fmt.Errorf("store %q: %w", address, err)
	}
	return &Bucket{client: client, name: bucket, prefix: strings.Trim(prefix, "/")}, nil
}

func (b *Bucket) key(name string) string { return path.Join(b.prefix, name) }

// Put implements Store.
func (b *Bucket) Put(ctx context.Context, name string, size int64, content io.Reader) error {
	_, err := b.client.PutObject(ctx, b.name, b.key(name), content, size, minio.PutObjectOptions{PartSize: partSize})
	return b.explain("write", name, err)
}

// Get implements Store.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	object, err := b.client.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.explain("read", name, err)
	}
	if _, err := object.Stat(); err != nil { // the first request is made only now
		_ = object.Close()
		return nil, b.explain("read", name, err)
	}
	return object, nil
}

// List implements Store.
func (b *Bucket) List(ctx context.Context) (names []string, err error) {
	under := b.prefix
	if under != "" {
		under += "/"
	}
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: under, Recursive: true}) {
		if object.Err != nil {
			return nil, b.explain("list", "", object.Err)
		}
		names = append(names, strings.TrimPrefix(object.Key, under))
	}
	return names, nil
}

// Remove implements Store.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	return b.explain("remove", name, b.client.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{}))
}

func (b *Bucket) explain(what, name string, err error) error {
	if err == nil {
		return nil
	}
	if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return fmt.Errorf("%s s3://%s: %w", what, path.Join(b.name, b.key(name)), err)
}
