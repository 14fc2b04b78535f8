// Package archive writes container images as the tar file that `docker load` and
// containerd's import read (docker-archive), without a daemon, a Dockerfile or a
// base image.
//
//	program := archive.LayerOf(archive.File("/app", "bin/app", 0o755))
//	app := archive.Image{Ref: "localhost/app:1", Config: archive.Config{Entrypoint: []string{"/app"}}, Layers: []*archive.Layer{program}}
//	err := archive.Write(out, app)
//
// What goes in decides every byte that comes out: times are zero, owners are
// given, and so equal content has an equal ID.
package archive
