// Command podnet is the pod network of one node, for clusters whose nodes share
// one network segment: it configures CNI, routes to the pods of other nodes,
// masquerades what leaves for the world outside, and enforces network policies
// (networking.k8s.io/v1, IPv4). It runs as a DaemonSet on the host's network.
//
// Environment: NODE_NAME, the node it runs on; POD_SUBNET, the range of all pods.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"memgraph-controller/clusters/nodeimage/podnet/netfilter"
	"memgraph-controller/clusters/nodeimage/podnet/route"
)

// cniDir is where containerd looks for the configuration of the network.
const cniDir = "/etc/cni/net.d"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		slog.Error("podnet ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	n := &node{name: os.Getenv("NODE_NAME"), cniDir: cniDir, kernel: route.Netlink{}, run: execute, log: slog.Default()}
	if n.name == "" {
		return errors.New("NODE_NAME is not set: it names the node that this runs on")
	}
	var err error
	if n.pods, err = netip.ParsePrefix(os.Getenv("POD_SUBNET")); err != nil {
		return fmt.Errorf("POD_SUBNET, the range of all pods: %w", err)
	}
	n.firewall = netfilter.New(n.run)
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return follow(ctx, client, n)
}
