package cli

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/controller/api"
)

// victim is what a drill does something to.
type victim struct {
	// kind is what it is: "main", "voter" or "controller".
	kind, name string
	// process is that of an instance before the fault.
	process string
	// uid is that of its pod; empty on one machine.
	uid types.UID
	// switched: it is not killed, but hands over.
	switched bool
}

// String names it.
func (v victim) String() string { return v.kind + " " + v.name }

// fate says what happens to it.
func (v victim) fate(fault string) string {
	switch {
	case fault == switchOver:
		return "is asked to hand over"
	case v.uid == "":
		return "is killed (SIGKILL)"
	default:
		return "is deleted by force"
	}
}

// target settles who is struck.
func (d *drilling) target(ctx context.Context) (victim, error) {
	r := d.before.Record
	v := victim{kind: "main", name: r.Main}
	switch d.Fault {
	case killVoter:
		v = victim{kind: "voter", name: r.Voter}
	case killController:
		v = victim{kind: "controller", name: d.before.Leader}
	case switchOver:
		v.switched = true
	}
	i, err := instanceNamed(d.before, v.name)
	if err == nil {
		v.process = i.Process
	}
	switch {
	case d.r.release != nil:
		v.uid, err = d.podUID(ctx, v)
		return v, err
	case i.PID == "" && d.Fault != killController:
		return v, refusal{"this controller was reached by its address and runs no processes of this machine: leave out --server to go through the kubeconfig"}
	case d.Fault == killController:
		return v, refusal{"a cluster on one machine has one controller: without it there is no gateway either"}
	}
	return v, nil
}

// podUID is what tells the pod from the next one of its name.
func (d *drilling) podUID(ctx context.Context, v victim) (types.UID, error) {
	pods, err := d.r.release.Databases(ctx)
	if v.kind == "controller" {
		pods, err = d.r.release.Controllers(), nil
	}
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(pods, func(p corev1.Pod) bool { return p.Name == v.name })
	if i < 0 {
		return "", fmt.Errorf("pod %s of %s is not there (any more): try again", v, d.r.place)
	}
	if !v.switched && cluster.NodeLost(pods[i]) {
		return "", refusal{fmt.Sprintf("Kubernetes does not hear of node %s: %s, deleted by force there, would run on beside the next pod of its name", pods[i].Spec.NodeName, v)}
	}
	return pods[i].UID, nil
}

// strike does it.
func (v victim) strike(ctx context.Context, d *drilling) error {
	switch {
	case v.switched:
		_, err := d.r.Switchover(ctx, api.SwitchoverRequest{By: d.terminal.User})
		return d.explained(err)
	case d.r.release != nil:
		return d.r.release.Delete(ctx, v.name, v.uid)
	default:
		_, err := d.r.Instance(ctx, api.InstanceAction{Instance: v.name, Do: api.ActionKill})
		return d.explained(err)
	}
}

func (d *drilling) explained(err error) error {
	if err == nil {
		return nil
	}
	return d.r.explain(err)
}

// unchanged says what the fault has not changed yet; empty where it took effect and
// the cluster has answered it.
func (v victim) unchanged(status api.Status) string {
	if v.kind == "controller" {
		if status.Leader == v.name || status.Leader == "" {
			return "no other controller leads yet"
		}
		return ""
	}
	i, err := instanceNamed(status, v.name)
	switch {
	case err != nil:
		return fmt.Sprintf("%s is not there", v.name)
	case !v.switched && i.Process == v.process:
		return fmt.Sprintf("%s still runs as process %s", v, v.process)
	case v.kind == "main" && (status.Record.Main == v.name || status.Record.Main == ""):
		return "nobody else is main yet"
	}
	return ""
}
