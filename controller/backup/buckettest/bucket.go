// Package buckettest is a bucket for tests: as much of an S3 server as backups use.
package buckettest

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Start serves one bucket, whatever its name, to whoever has the access key; signatures are
// not looked at. It returns its endpoint.
func Start(t testing.TB, key string, objects map[string]string) string {
	t.Helper()
	b := &server{key: key, objects: map[string][]byte{}}
	for name, content := range objects {
		b.objects[name] = []byte(content)
	}
	at := httptest.NewServer(b)
	t.Cleanup(at.Close)
	return at.URL
}

// server is as much of an S3 server as the store uses: objects whole and in parts.
type server struct {
	key     string
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[int][]byte
}

// ServeHTTP implements http.Handler. Paths are /bucket/KEY.
func (b *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.Contains(r.Header.Get("Authorization"), "Credential="+b.key+"/") {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>`)
		return
	}
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

func (b *server) list(w io.Writer, prefix string) {
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
