package kube

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters/helm"
	guide "memgraph-controller/docs/check"
)

// Shell is where a person types in what a page says: a folder with the chart in it, and the
// programs kubectl and helm, which know the cluster and one namespace.
type Shell struct {
	folder, programs string
	// Names are what the placeholders of commands stand for.
	Names map[string]string
	// lookFor is how long a command is watched that ends only when somebody interrupts it.
	lookFor time.Duration
}

// The programs are scripts around the real ones. What a page says of a namespace comes later
// in the command line, and counts. With DRY set nothing is changed.
const (
	kubectlScript = `#!/bin/sh
if [ -n "$DRY" ]; then set -- "$@" --dry-run=server; fi
exec %[1]s --namespace=%[2]s "$@"
`
	// The values over those of a page are what a cluster for tests has and what it lacks: its
	// images, and nodes that are small.
	helmScript = `#!/bin/sh
verb=$1 namespace=%[2]s
if [ -n "$DRY" ] && [ "$verb" = install ]; then namespace=default; fi # where no release has the name
if [ -n "$DRY" ] && [ "$verb" = uninstall ]; then set -- "$@" --dry-run; fi
if [ "$verb" = install ] || [ "$verb" = upgrade ]; then
	set -- "$@" --values=%[3]s
	if [ -n "$DRY" ]; then set -- "$@" --dry-run=server; fi
fi
exec %[1]s --namespace=$namespace "$@"
`
)

// NewShell makes one in an empty folder. over are values over those that a page gives.
func (r *Release) NewShell(folder, namespace string, over helm.Values) (*Shell, error) {
	s := &Shell{folder: folder, programs: filepath.Join(folder, "programs"), Names: map[string]string{"N": r.Namespace, "R": r.Prefix}, lookFor: 5 * time.Second}
	if err := os.Mkdir(s.programs, 0o755); err != nil {
		return nil, err
	}
	if err := os.Symlink(filepath.Join(r.Root, "charts"), filepath.Join(folder, "charts")); err != nil {
		return nil, err
	}
	values, err := yaml.Marshal(over)
	if err != nil {
		return nil, err
	}
	overs := filepath.Join(s.programs, "over.yaml")
	if err := os.WriteFile(overs, values, 0o600); err != nil {
		return nil, err
	}
	for name, script := range map[string]string{
		"kubectl": fmt.Sprintf(kubectlScript, r.kubectl(), namespace),
		"helm":    fmt.Sprintf(helmScript, r.Helm.Program+" --kubeconfig="+r.Kind.Kubeconfig, namespace, overs),
	} {
		if err := os.WriteFile(filepath.Join(s.programs, name), []byte(script), 0o755); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// kubectl is the program of this machine, or else that of the control plane's node, which
// every node image has.
func (r *Release) kubectl() string {
	if program, err := exec.LookPath("kubectl"); err == nil {
		return program + " --kubeconfig=" + r.Kind.Kubeconfig
	}
	return "docker exec -i " + r.ControlPlane().Name + " kubectl --kubeconfig=/etc/kubernetes/admin.conf"
}

// File puts a file that a page shows where its commands find it.
func (s *Shell) File(name, text string) error {
	return os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600)
}

// Run executes one line of a page, and returns what it printed. A command that asks a
// question gets no answer, and has to fail for that.
func (s *Shell) Run(ctx context.Context, line string, dry bool) (string, error) {
	command, err := guide.Fill(line, s.Names)
	if err != nil {
		return "", err
	}
	endless := strings.Contains(line, "port-forward") || strings.Contains(line, "--watch") || strings.HasSuffix(line, " -w")
	if endless {
		limited, cancel := context.WithTimeout(ctx, s.lookFor)
		defer cancel()
		ctx = limited
	}
	shell := exec.CommandContext(ctx, "sh", "-ec", command)
	shell.Dir, shell.Env = s.folder, append(os.Environ(), "PATH="+s.programs+":"+os.Getenv("PATH"))
	if dry {
		shell.Env = append(shell.Env, "DRY=1")
	}
	shell.WaitDelay = time.Second
	out, err := shell.CombinedOutput()
	switch asks := strings.Contains(line, "exec -it "); {
	case endless && ctx.Err() != nil && len(out) == 0:
		return "", fmt.Errorf("%s: it printed nothing in %s", command, s.lookFor)
	case endless && ctx.Err() != nil:
		return string(out), nil
	case asks && err == nil:
		return string(out), fmt.Errorf("%s: it asks before it does anything, and did it without an answer", command)
	case asks && strings.Contains(string(out), "exit code 3"):
		return string(out), nil
	case err != nil:
		return string(out), fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return string(out), nil
}
