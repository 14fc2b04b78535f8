// Package clusters brings up real Kubernetes clusters on this machine, with or
// without an image registry, from whatever the machine has to begin with.
//
//	site, err := clusters.Here(ctx, os.Stderr)
//	images, err := site.Up(ctx, kind.Dev())
//	// install the chart with images.Controller and images.Database
//	clients, err := site.Clients(ctx, kind.Dev()) // of the suites, where they are needed
//	err = site.Down(kind.Dev())
//
// The environment decides what nobody says in code:
//
//	IMAGES          registry or offline; by default a registry is looked for
//	MEMGRAPH_IMAGE  the image of the database; "standin" for the stand-in
//	DOCKER_INSTALL  1 to have a missing Docker engine installed (also CI=true)
//	CLUSTER_CACHE   the folder for what takes long to build
//
// The parts: docker (the engine), kind (clusters), offline (node images without
// a registry), images (this project's own), standin (the database's stand-in, which
// e2e/conformance holds to the database).
package clusters
