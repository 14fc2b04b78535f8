// Package offline builds the image of a kind node where no image registry can be
// reached: out of Go modules, Debian packages and the files of kind itself.
//
// kind's own node image holds a Debian system with systemd and containerd, the
// programs of Kubernetes, and in containerd's store the images of all components.
// This one holds the same, made in these steps:
//
//	debian.go      a Debian system, by debootstrap
//	programs.go    the programs of the module clusters/nodeimage, by go build
//	system.go      kind's files put into that system
//	components.go  an image for each component, by package archive
//	store.go       these images imported by the containerd of the system, in a chroot
//	node.go        all of it as one image, handed to Docker
//
// The first two take long (about 12 minutes on 2 idle cores) and are kept in a
// cache; with it, the rest takes less than a minute. Docker keeps the result.
//
// Nodes have IPv4 and kube-proxy in its iptables mode only.
package offline
