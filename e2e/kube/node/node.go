package node

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"memgraph-controller/clusters/command"
)

// Node is a node of a kind cluster. Its methods may be called from any goroutine.
type Node struct {
	// Name is both that of the Kubernetes node and that of its container.
	Name string
}

// Run runs a program on the node with all rights and returns what it printed.
func (n Node) Run(ctx context.Context, program string, args ...string) (string, error) {
	return command.Exec{}.Run(ctx, command.New("docker", append([]string{"exec", "--privileged", n.Name, program}, args...)...))
}

// Kubectl runs kubectl on the node, which has to be a control plane.
func (n Node) Kubectl(ctx context.Context, args ...string) (string, error) {
	return n.Run(ctx, "kubectl", append([]string{"--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
}

// Process is the first process of a container, by its number on the node.
type Process struct {
	Node Node
	PID  int
}

// Process finds the process of a container by the id that a pod's status has:
// containerd://ID.
func (n Node) Process(ctx context.Context, containerID string) (Process, error) {
	tasks, err := n.Run(ctx, "ctr", "--namespace=k8s.io", "tasks", "list")
	if err != nil {
		return Process{}, fmt.Errorf("processes of node %s: %w", n.Name, err)
	}
	pid, err := taskPID(tasks, containerID)
	if err != nil {
		return Process{}, fmt.Errorf("node %s: %w", n.Name, err)
	}
	return Process{n, pid}, nil
}

// taskPID reads the table of `ctr tasks list`: id, number, state.
func taskPID(table, containerID string) (int, error) {
	_, id, found := strings.Cut(containerID, "://")
	if !found || id == "" {
		return 0, fmt.Errorf("%q is no container id", containerID)
	}
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == id && fields[2] == "RUNNING" {
			return strconv.Atoi(fields[1])
		}
	}
	return 0, fmt.Errorf("container %s does not run", id[:min(len(id), 12)])
}

// Signal sends a signal by its name without SIG, such as KILL.
func (p Process) Signal(ctx context.Context, name string) error {
	_, err := p.Node.Run(ctx, "kill", "-"+name, strconv.Itoa(p.PID))
	return err
}

// file reads one of the process's files in procfs.
func (p Process) file(ctx context.Context, name string) (string, error) {
	return p.Node.Run(ctx, "cat", fmt.Sprintf("/proc/%d/%s", p.PID, name))
}

// InNetwork runs a program of the node in the process's network, which is that of
// its pod. Names are resolved as the node does it, so only addresses are of use.
func (p Process) InNetwork(ctx context.Context, program string, args ...string) (string, error) {
	enter := []string{"--target", strconv.Itoa(p.PID), "--net", "--", program}
	return p.Node.Run(ctx, "nsenter", append(enter, args...)...)
}
