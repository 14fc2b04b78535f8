package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// APIServer is a peer to be cut off from; nothing else can be done to it as a
// Victim (see StopAPIServer).
const APIServer Victim = "API server"

// Way is the direction in which packets are lost, seen from the victim.
type Way string

// The ways. What is lost one way only is the harder case: the other side still
// hears requests, or still believes that it is heard.
const (
	Both Way = "from"             // neither hears the other
	Out  Way = "one-way to"       // what the victim sends is lost
	In   Way = "one-way, deaf to" // what is sent to the victim is lost
)

// cut drops packets in the networks of pods.
type cut struct {
	target  Target
	victim  Victim
	peers   []Victim
	way     Way
	percent int // 0: all of them
	packets node.Packets
	nets    []node.Process
}

// Cut drops every packet between a victim and its peers, in one direction or both, by
// a table of its own in the network of the victim's pods. Connections stay open and
// fall silent. A pod that is replaced meanwhile comes back without the cut.
func Cut(t Target, v Victim, w Way, peers ...Victim) Fault {
	return &cut{target: t, victim: v, peers: peers, way: w}
}

// Lose drops a share of the packets between a victim and a peer, each by chance, so
// that TCP has to repeat them: 200 ms and more each time.
func Lose(t Target, percent int, v, peer Victim) Fault {
	return &cut{target: t, victim: v, peers: []Victim{peer}, way: Both, percent: percent}
}

func (c *cut) Name() string {
	var peers []string
	for _, p := range c.peers {
		peers = append(peers, string(p))
	}
	among := strings.Join(peers, " and ")
	if c.percent > 0 {
		return fmt.Sprintf("lose %d %% between %s and %s", c.percent, c.victim, among)
	}
	return fmt.Sprintf("cut %s %s %s", c.victim, c.way, among)
}

func (c *cut) Prepare(ctx context.Context) error {
	pods, _, err := c.target.find(ctx, c.victim)
	if err != nil {
		return err
	}
	c.packets = node.Packets{In: c.way != Out, Out: c.way != In, Percent: c.percent}
	for _, peer := range c.peers {
		side, err := c.target.addresses(ctx, peer)
		if err != nil {
			return err
		}
		c.packets.Peers = append(c.packets.Peers, side)
	}
	c.nets = nil
	for i := range pods {
		net, err := fleet.On(&pods[i]).Sandbox(ctx, string(pods[i].UID))
		if err != nil {
			return err
		}
		c.nets = append(c.nets, net)
	}
	return nil
}

// addresses are those of a peer, and its ports where no others may be touched: the
// clients of the suite come from the node of the API server.
func (t Target) addresses(ctx context.Context, v Victim) (peer node.Peer, err error) {
	switch v {
	case Everybody:
		return node.Peer{}, nil
	case APIServer:
		peer.Ports = []int{443, 6443}
		peer.Addresses, err = t.apiServer(ctx)
		return peer, err
	}
	pods, _, err := t.find(ctx, v)
	if err == nil && len(pods) == 0 {
		err = fmt.Errorf("%s is nobody", v) // no address would mean everybody
	}
	if err != nil {
		return peer, err
	}
	for _, p := range pods {
		peer.Addresses = append(peer.Addresses, p.Status.PodIP)
	}
	services, err := t.services(ctx, pods)
	peer.Addresses = append(peer.Addresses, services...)
	return peer, err
}

// services are the addresses of the Services that have the names of pods: a main calls
// its replicas there, and what leaves its network is for such an address still.
func (t Target) services(ctx context.Context, pods []corev1.Pod) (addresses []string, err error) {
	list, err := t.Kube.CoreV1().Services(t.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, s := range list.Items {
		of := func(p corev1.Pod) bool { return p.Namespace == s.Namespace && p.Name == s.Name }
		if slices.ContainsFunc(pods, of) && s.Spec.ClusterIP != corev1.ClusterIPNone {
			addresses = append(addresses, s.Spec.ClusterIP)
		}
	}
	return addresses, nil
}

// apiServer lists the addresses at which pods ask the API server.
func (t Target) apiServer(ctx context.Context) ([]string, error) {
	service, err := t.Kube.CoreV1().Services(metav1.NamespaceDefault).Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	machine, err := t.Kube.CoreV1().Nodes().Get(ctx, t.ControlPlane.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	addresses := []string{service.Spec.ClusterIP}
	for _, a := range machine.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			addresses = append(addresses, a.Address)
		}
	}
	return addresses, nil
}

func (c *cut) Inject(ctx context.Context) error {
	for _, net := range c.nets {
		if err := net.Drop(ctx, c.packets); err != nil {
			return err
		}
	}
	return nil
}

func (c *cut) Injected(ctx context.Context) error { return dropsPackets(ctx, c.nets) }

func (c *cut) Heal(ctx context.Context) error { return restore(ctx, c.nets) }

func (c *cut) Healed(ctx context.Context) error { return dropsNothing(ctx, c.nets) }

// dropsPackets tells that packets were dropped in every network.
func dropsPackets(ctx context.Context, nets []node.Process) error {
	for _, net := range nets {
		dropped, atWork, err := net.Counted(ctx)
		switch {
		case err != nil:
			return err
		case !atWork:
			return fmt.Errorf("nothing drops packets on node %s", net.Node.Name)
		case dropped == 0:
			return fmt.Errorf("no packet was dropped on node %s yet", net.Node.Name)
		}
	}
	return nil
}

func restore(ctx context.Context, nets []node.Process) error {
	var errs []error
	for _, net := range nets {
		errs = append(errs, net.Restore(ctx))
	}
	return errors.Join(errs...)
}

func dropsNothing(ctx context.Context, nets []node.Process) error {
	for _, net := range nets {
		_, atWork, err := net.Counted(ctx)
		if err == nil && atWork {
			err = fmt.Errorf("packets are still dropped on node %s", net.Node.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
