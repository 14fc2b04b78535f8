// Package node reaches into the nodes of a kind cluster, which are containers of
// this machine's Docker engine, to break things as no call of Kubernetes can, and
// to look at what runs from the outside: processes, their sockets, their cost.
//
//	main, err := node.Node{Name: pod.Spec.NodeName}.Process(ctx, containerID)
//	err = main.Signal(ctx, "KILL")
//	n, err := main.Established(ctx, 7687)
//
// It needs no more of a node image than kind's own has: ctr, nsenter, iptables
// and procfs. Nothing is run inside the pods, whose images hold one program.
package node
