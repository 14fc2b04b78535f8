package fault

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// machine is a fault of a whole node.
type machine struct {
	target Target
	victim Victim
	verb   string
	node   node.Node

	inject, heal     func(context.Context, node.Node) error
	injected, healed func(context.Context, node.Node) error
}

// PauseNode stops every process on the node of a victim where it is, as a hypervisor
// does that moves a machine: its network answers nothing, not even a ping.
func PauseNode(t Target, v Victim) Fault {
	return &machine{
		target: t, victim: v, verb: "pause", inject: condition("running", node.Node.Pause), heal: condition("paused", node.Node.Unpause),
		injected: is("paused"), healed: is("running"),
	}
}

// KillNode ends a victim's node without warning and boots it again when it is
// healed. What was on its disk is there again.
func KillNode(t Target, v Victim) Fault {
	m := &machine{
		target: t, victim: v, verb: "kill", inject: condition("running", node.Node.Kill), heal: condition("exited", node.Node.Start),
		injected: is("exited"),
	}
	m.healed = func(ctx context.Context, n node.Node) error {
		if err := is("running")(ctx, n); err != nil {
			return err
		}
		return t.nodeIsReady(ctx, n)
	}
	return m
}

// outside is the interface of a node that leads to all others.
const outside = "eth0"

// CutNode drops everything that enters or leaves a victim's node. What runs on it
// goes on, and its pods still reach each other.
func CutNode(t Target, v Victim) Fault {
	packets := node.Packets{In: true, Out: true, Forwarded: true, Interface: outside}
	nets := func(n node.Node) []node.Process { return []node.Process{n.Init()} }
	return &machine{
		target: t, victim: v, verb: "cut off",
		inject:   func(ctx context.Context, n node.Node) error { return n.Init().Drop(ctx, packets) },
		injected: func(ctx context.Context, n node.Node) error { return dropsPackets(ctx, nets(n)) },
		heal:     func(ctx context.Context, n node.Node) error { return restore(ctx, nets(n)) },
		healed:   func(ctx context.Context, n node.Node) error { return dropsNothing(ctx, nets(n)) },
	}
}

func (m *machine) Name() string { return m.verb + " node of " + string(m.victim) }

func (m *machine) Prepare(ctx context.Context) error {
	pod, _, err := m.target.one(ctx, m.victim)
	if err != nil {
		return err
	}
	m.node = fleet.On(pod)
	return nil
}

func (m *machine) Inject(ctx context.Context) error { return m.inject(ctx, m.node) }

func (m *machine) Injected(ctx context.Context) error { return m.injected(ctx, m.node) }

func (m *machine) Heal(ctx context.Context) error {
	if m.node.Name == "" {
		return nil // never prepared
	}
	return m.heal(ctx, m.node)
}

func (m *machine) Healed(ctx context.Context) error { return m.healed(ctx, m.node) }

// condition does something to a node if the container engine says that it is in a
// condition, so that it may be done twice.
func condition(wanted string, do func(node.Node, context.Context) error) func(context.Context, node.Node) error {
	return func(ctx context.Context, n node.Node) error {
		now, err := n.Condition(ctx)
		if err != nil || now != wanted {
			return err
		}
		return do(n, ctx)
	}
}

func is(wanted string) func(context.Context, node.Node) error {
	return func(ctx context.Context, n node.Node) error {
		now, err := n.Condition(ctx)
		if err == nil && now != wanted {
			err = fmt.Errorf("node %s is %s, not %s", n.Name, now, wanted)
		}
		return err
	}
}

// nodeIsReady tells that the kubelet of a node reports.
func (t Target) nodeIsReady(ctx context.Context, n node.Node) error {
	machine, err := t.Kube.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range machine.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("node %s is not ready", n.Name)
}
