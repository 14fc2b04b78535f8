package kube

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/helm"
	guide "memgraph-controller/docs/check"
)

// pagesOf reads the pages, and picks the blocks of some ways.
func (s *Scenario) pagesOf(ways ...guide.Way) ([]guide.Page, []guide.Block) {
	s.Helper()
	pages, err := guide.Pages(s.Root)
	require.NoError(s, err)
	blocks, err := guide.For(pages, ways...)
	require.NoError(s, err)
	return pages, blocks
}

func TestCommandsOfThePages(t *testing.T) {
	scenario(t, "every kubectl and helm command of the pages does what it says", func(ctx context.Context, s *Scenario) {
		_, blocks := s.pagesOf(guide.Cluster, guide.Dry)
		shell, err := s.NewShell(s.TempDir(), s.Namespace, s.Values)
		require.NoError(s, err)
		for _, b := range blocks {
			for _, line := range b.Commands {
				s.Logf("%s: %s", b, line)
				record := s.Whole(ctx, s).Record
				for name := range s.lives(ctx) {
					if name != record.Main && name != record.Voter {
						shell.Names["POD"], shell.Names["INSTANCE"] = name, name
					}
				}
				_, err := shell.Run(ctx, line, b.Way == guide.Dry)
				require.NoError(s, err, b)
			}
		}
	})
}

// smallNodes are what the page on installation gives a database that no cluster for tests
// has, and what it relies on that is not there.
var smallNodes = helm.Values{
	"memgraph": helm.Values{"storage": helm.Values{"storageClassName": ""}},
	"monitoring": helm.Values{
		"serviceMonitor": helm.Values{"enabled": false}, "rules": helm.Values{"enabled": false},
	},
}

func TestInstallationOfThePage(t *testing.T) {
	scenario(t, "a release comes up as the page has it, stands what it recommends to try, and goes", func(ctx context.Context, s *Scenario) {
		const namespace = "graph" // of the page
		pages, blocks := s.pagesOf(guide.Install)
		other := s.apart(ctx, s.release(namespace, s.Prefix))
		shell, err := s.NewShell(s.TempDir(), namespace, helm.Merged(other.Values, smallNodes))
		require.NoError(s, err)
		for _, p := range pages {
			if p.Path == "docs/install.md" {
				for name, text := range p.Files() {
					require.NoError(s, shell.File(name, text))
				}
			}
		}
		for _, b := range blocks {
			for _, line := range b.Commands {
				s.Logf("%s: %s", b, line)
				out, err := shell.Run(ctx, line, false)
				require.NoError(s, err, b)
				s.Logf("%s", out)
			}
		}
	})
}

// The scripts around the programs, with a program that prints what it was given.
func TestTheShellOfThePagesAddsWhatAClusterForTestsNeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a shell")
	}
	root := t.TempDir()
	program := filepath.Join(root, "print")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	t.Setenv("PATH", root+":"+os.Getenv("PATH"))
	require.NoError(t, os.Symlink(program, filepath.Join(root, "kubectl")))
	r := &Release{Cluster: &Cluster{Root: root, Helm: helm.Helm{Program: program}}, Prefix: "graph"}
	r.Namespace = "db"
	s, err := r.NewShell(t.TempDir(), "db", helm.Values{"a": 1})
	require.NoError(t, err)
	s.Names["INSTANCE"] = "graph-2"
	over := filepath.Join(s.programs, "over.yaml")
	for _, c := range []struct {
		line string
		dry  bool
		want string
	}{
		{"kubectl -n N get pods", false, "--kubeconfig= --namespace=db -n db get pods"},
		{"kubectl delete pvc -l a=b", true, "--kubeconfig= --namespace=db delete pvc -l a=b --dry-run=server"},
		{"helm install R charts/memgraph-controller", false, "--kubeconfig= --namespace=db install graph charts/memgraph-controller --values=" + over},
		{"helm install R charts/x", true, "--kubeconfig= --namespace=default install graph charts/x --values=" + over + " --dry-run=server"},
		{"helm uninstall R", true, "--kubeconfig= --namespace=db uninstall graph --dry-run"},
	} {
		out, err := s.Run(t.Context(), c.line, c.dry)
		require.NoError(t, err)
		require.Equal(t, c.want+"\n", out)
	}
	_, err = s.Run(t.Context(), "kubectl exec -it x", false)
	require.ErrorContains(t, err, "did it without an answer")
	_, err = s.Run(t.Context(), "kubectl get THING", false)
	require.ErrorContains(t, err, "THING")
	_, err = s.Run(t.Context(), "false", false)
	require.Error(t, err)
	s.lookFor = time.Second
	out, err := s.Run(t.Context(), "kubectl get pods; exec sleep 60 # --watch", false)
	require.NoError(t, err)
	require.Contains(t, out, "get pods")
	_, err = s.Run(t.Context(), "exec sleep 60 # --watch", false)
	require.ErrorContains(t, err, "it printed nothing in 1s")
}
