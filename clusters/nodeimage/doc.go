// Package nodeimage has no code. Its module pins, apart from the project's own
// dependencies, all programs that a kind node holds where no image registry can be
// reached: those of Kubernetes, etcd and the local-path-provisioner as tools in
// go.mod, and the ones written here:
//
//   - coredns: CoreDNS with the plugins that a cluster needs
//   - pause: the program of a pod's sandbox
//   - podnet: the pod network, with network policies
//
// Package offline of the project builds them into an image. All of them share one
// module on purpose: client-go and the rest are compiled once, not once for each
// program.
//
// To go to another version of Kubernetes: change it in go.mod, give every
// k8s.io module that its own go.mod replaces by ./staging the version 0.X.Y of
// the same release, and run `go mod tidy`. CoreDNS has to be one that was built
// with the same minor of client-go.
package nodeimage
