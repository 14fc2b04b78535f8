// Package policy works out what the network policies of a cluster mean for the
// pods of one node: which of them are isolated, and from whom they may hear all
// the same. It is pure; package netfilter turns its plan into rules.
//
// It follows networking.k8s.io/v1: a pod that no policy selects in a direction is
// open in it; one that is selected is closed but for the union of what its
// policies allow; a pod never loses touch with itself. IPv4 only.
package policy
