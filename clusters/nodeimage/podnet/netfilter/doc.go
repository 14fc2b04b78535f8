// Package netfilter has the kernel enforce the guards of package policy, and
// translate the addresses of pods that talk to the world outside.
//
// Every packet of a pod is routed, also between two pods of one node, so the
// FORWARD hook sees it. The rules sit in the mangle table: there they come before
// those of kube-proxy in the filter table, in whatever order the two start;
// kube-proxy accepts, without a further look, connections that came in by a node
// port. Connections that stand are never cut: a policy decides on new ones only.
//
// Peers are kept in ipsets that are named after their content. A set is never
// changed, so rules that name it mean the same for as long as they are there; what
// no rule names any more is destroyed.
package netfilter
