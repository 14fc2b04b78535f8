package main

import (
	"context"
	"log/slog"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/clusters/nodeimage/podnet/cni"
	"memgraph-controller/clusters/nodeimage/podnet/netfilter"
	"memgraph-controller/clusters/nodeimage/podnet/policy"
	"memgraph-controller/clusters/nodeimage/podnet/route"
)

// node is the node that this program runs on.
type node struct {
	name     string
	pods     netip.Prefix // of the whole cluster
	cniDir   string
	kernel   route.Kernel
	run      netfilter.Runner
	firewall *netfilter.Firewall
	log      *slog.Logger
	attached bool
}

// reconcile makes the node what the cluster's objects say. Policies come last:
// without the rest there is no pod for them to guard.
func (n *node) reconcile(ctx context.Context, nodes []*corev1.Node, state policy.State) error {
	own, assigned := route.Own(nodes, n.name)
	if !assigned {
		n.log.Debug("the node has no range of pod addresses yet")
		return nil
	}
	wanted := route.Wanted(nodes, n.name)
	changed, err := route.Sync(n.kernel, wanted)
	if err != nil {
		return err
	}
	if changed {
		n.log.Info("routes set", "nodes", len(wanted))
	}
	if err := n.attach(ctx, own); err != nil {
		return err
	}
	guards := policy.Plan(state, n.name)
	changed, err = n.firewall.Enforce(ctx, guards)
	if changed {
		n.log.Info("policies enforced", "guards", len(guards))
	}
	return err
}

// attach lets pods onto the network. The configuration of CNI is written when all
// is ready for the first pod.
func (n *node) attach(ctx context.Context, own netip.Prefix) error {
	if n.attached {
		return nil
	}
	if err := netfilter.Masquerade(ctx, n.run, n.pods); err != nil {
		return err
	}
	changed, err := cni.Write(n.cniDir, own)
	if changed {
		n.log.Info("network configured", "pods", own)
	}
	n.attached = err == nil
	return err
}
