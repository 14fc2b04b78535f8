package kind

import (
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/cluster/constants"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/exec"
)

// kubectl runs kubectl on the control plane, where there is one that fits.
func (p *Provider) kubectl(ctx context.Context, name string, args ...string) error {
	control, err := p.nodes(name, constants.ControlPlaneNodeRoleValue)
	if err != nil {
		return err
	}
	args = append([]string{"--kubeconfig=/etc/kubernetes/admin.conf"}, args...)
	return run(control[0].CommandContext(ctx, "kubectl", args...))
}

func (p *Provider) nodes(name, role string) ([]nodes.Node, error) {
	all, err := p.kind.ListInternalNodes(name)
	if err != nil {
		return nil, fmt.Errorf("nodes of cluster %s: %w", name, explain(err))
	}
	selected, err := nodeutils.SelectNodesByRole(all, role)
	if err != nil {
		return nil, fmt.Errorf("nodes of cluster %s: %w", name, err)
	}
	if len(selected) == 0 {
		return nil, fmt.Errorf("cluster %s has no node of the role %s", name, role)
	}
	return selected, nil
}

// run adds to the error of a command what it said.
func run(cmd exec.Cmd) error {
	lines, err := exec.CombinedOutputLines(cmd)
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(lines, "\n"))
	}
	return nil
}
