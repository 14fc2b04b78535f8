package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// Target is the release that faults are done to, and where it runs.
type Target struct {
	fleet.Fleet
	// ControlPlane is the node that runs the API server.
	ControlPlane node.Node
	// Status asks whichever controller answers.
	Status func(context.Context) (api.Status, error)
}

// Victim is whom a fault concerns: somebody by the role that he has when the
// fault is prepared, or a pod by its name.
type Victim string

// The roles.
const (
	Main    Victim = "main"
	Voter   Victim = "voter"
	Replica Victim = "replica" // one that is not the voter
	// Leader is the controller that decides, Follower one that does not. Each of
	// them has a write gateway and a read gateway.
	Leader   Victim = "leader"
	Follower Victim = "follower"
	// Controllers are all of them, and with them all gateways.
	Controllers Victim = "controllers"
	// NameServers are the pods that resolve names for all others.
	NameServers Victim = "name servers"
	// Everybody is who is behind any address at all.
	Everybody Victim = "everybody"
)

// askWithin is how long Prepare asks for the roles. A controller that is frozen by
// an earlier fault may be the first to be asked.
const askWithin = 20 * time.Second

// find returns the pods behind a victim, and the name of the container that counts
// in them.
func (t Target) find(ctx context.Context, v Victim) (pods []corev1.Pod, container string, err error) {
	if v == NameServers {
		pods, err := t.nameServers(ctx)
		return pods, "coredns", err
	}
	controllers, err := t.Pods(ctx, t.Controllers)
	if err != nil {
		return nil, "", err
	}
	if v == Controllers {
		return controllers, fleet.Controller, nil
	}
	pod, err := t.holder(ctx, v, controllers)
	if err != nil {
		return nil, "", fmt.Errorf("pod of %s: %w", v, err)
	}
	if pod.Spec.Containers[0].Name == fleet.Controller {
		return []corev1.Pod{*pod}, fleet.Controller, nil
	}
	return []corev1.Pod{*pod}, fleet.Database, nil
}

// nameServers are found by the label that kubeadm gives them, and with it kind, k3s
// and most others, whatever program they run.
func (t Target) nameServers(ctx context.Context) ([]corev1.Pod, error) {
	list, err := t.Kube.CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		return nil, err
	}
	if len(list.Items) == 0 {
		return nil, errors.New("no pod of kube-system has the label k8s-app=kube-dns")
	}
	return list.Items, nil
}

// Names are the names of the pods behind a victim.
func (t Target) Names(ctx context.Context, v Victim) (names []string, err error) {
	pods, _, err := t.find(ctx, v)
	for i := range pods {
		names = append(names, pods[i].Name)
	}
	return names, err
}

// one returns the only pod behind a victim.
func (t Target) one(ctx context.Context, v Victim) (*corev1.Pod, string, error) {
	pods, container, err := t.find(ctx, v)
	if err == nil && len(pods) != 1 {
		err = fmt.Errorf("%s is %d pods, not one", v, len(pods))
	}
	if err != nil {
		return nil, "", err
	}
	return &pods[0], container, nil
}

// process is the process of the container that counts in the pod of a victim.
func (t Target) process(ctx context.Context, v Victim) (*corev1.Pod, string, node.Process, error) {
	pod, container, err := t.one(ctx, v)
	if err != nil {
		return nil, "", node.Process{}, err
	}
	process, err := fleet.Process(ctx, pod, container)
	return pod, container, process, err
}

// holder is the pod of somebody who is named, or has a role now. Who was deleted a
// moment ago may still be named as leader, by a controller that has not heard of it.
func (t Target) holder(ctx context.Context, v Victim, controllers []corev1.Pod) (*corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	for {
		name, err := t.named(ctx, v, controllers)
		if err == nil {
			var pod *corev1.Pod
			if pod, err = t.Pod(ctx, name); err == nil {
				return pod, nil
			}
		}
		if wait(ctx, lookEvery); ctx.Err() != nil {
			return nil, err
		}
	}
}

// named is the name of a victim: its own, or that of whoever has the role.
func (t Target) named(ctx context.Context, v Victim, controllers []corev1.Pod) (string, error) {
	switch v {
	case Main, Voter, Replica, Leader, Follower:
	default:
		return string(v), nil
	}
	status, err := t.Status(ctx)
	if err != nil {
		return "", err
	}
	name := role(status, v, controllers)
	if name == "" {
		return "", fmt.Errorf("nobody is %s", v)
	}
	return name, nil
}

func role(s api.Status, v Victim, controllers []corev1.Pod) string {
	switch v {
	case Main:
		return s.Record.Main
	case Voter:
		return s.Record.Voter
	case Leader:
		return s.Leader
	case Replica:
		for _, i := range s.Replicas() {
			if i.Name != s.Record.Voter {
				return i.Name
			}
		}
	case Follower:
		for _, c := range controllers {
			if s.Leader != "" && c.Name != s.Leader {
				return c.Name
			}
		}
	}
	return ""
}
