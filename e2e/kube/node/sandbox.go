package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sandbox finds the process that holds the network of a pod, by the pod's UID. It
// lives as long as the pod does on this node, whatever becomes of its containers.
func (n Node) Sandbox(ctx context.Context, uid string) (Process, error) {
	filter := fmt.Sprintf(`labels."io.kubernetes.pod.uid"==%s,labels."io.cri-containerd.kind"==sandbox`, uid)
	said, err := n.Run(ctx, "sh", "-c", `ctr --namespace=k8s.io containers list --quiet "$1" && ctr --namespace=k8s.io tasks list`, "sh", filter)
	if err != nil {
		return Process{}, fmt.Errorf("network of pod %s on node %s: %w", uid, n.Name, err)
	}
	pid, err := sandboxPID(said)
	if err != nil {
		return Process{}, fmt.Errorf("pod %s on node %s: %w", uid, n.Name, err)
	}
	return Process{n, pid}, nil
}

// sandboxPID reads a list of container ids and, after it, the table of tasks. A
// node that was started again remembers sandboxes that do not run any more.
func sandboxPID(said string) (int, error) {
	var ids []string
	for line := range strings.Lines(said) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1:
			ids = append(ids, fields[0])
		case len(fields) == 3 && fields[2] == "RUNNING" && slices.Contains(ids, fields[0]):
			return strconv.Atoi(fields[1])
		}
	}
	return 0, fmt.Errorf("none of its %d sandboxes runs", len(ids))
}

// Alive tells whether the process is there, if only as a zombie.
func (p Process) Alive(ctx context.Context) (bool, error) {
	said, err := p.Node.Run(ctx, "sh", "-c", "test -e /proc/$1 && echo there || echo gone", "sh", strconv.Itoa(p.PID))
	return strings.TrimSpace(said) == "there", err
}

// State is the letter of /proc/PID/stat: R, S, D, T for a stopped one, Z for a
// zombie; empty when there is no such process.
func (p Process) State(ctx context.Context) (string, error) {
	said, err := p.Node.Run(ctx, "sh", "-c", "cat /proc/$1/stat 2>/dev/null || true", "sh", strconv.Itoa(p.PID))
	if err != nil {
		return "", err
	}
	return state(said), nil
}

// state is the first field after the name, which stands in brackets and may hold
// anything.
func state(stat string) string {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}
