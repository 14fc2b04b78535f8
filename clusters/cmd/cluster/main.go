// Command cluster brings clusters up for the targets of the Makefile. What it is at
// goes to stderr.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/kind"
)

type commandLine struct {
	Install install `cmd:"" help:"Create the cluster, unless it is there, and install the chart, or upgrade it."`
	Down    down    `cmd:"" help:"Remove the cluster. The Docker engine goes on running."`
}

// purpose chooses a cluster.
type purpose struct {
	For string `arg:"" enum:"dev,e2e" default:"dev" help:"What the cluster is for: dev or e2e."`
}

// cluster is the one for the purpose. That of a suite leaves a person's
// kubeconfig alone.
func (p purpose) cluster() kind.Cluster {
	if p.For == "e2e" {
		return kind.E2E(filepath.Join("out", "kubeconfig-e2e"))
	}
	return kind.Dev()
}

type install struct{ purpose }

// Run brings the cluster up with the chart installed.
func (i install) Run(ctx context.Context, site *clusters.Site) error {
	built, err := site.Up(ctx, i.cluster())
	if err == nil {
		err = site.Install(ctx, i.cluster(), built)
	}
	if err == nil {
		clusters.Welcome(os.Stdout, i.cluster())
	}
	return err
}

type down struct{ purpose }

// Run removes the cluster.
func (d down) Run(site *clusters.Site) error { return site.Down(d.cluster()) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	chosen := kong.Parse(&commandLine{}, kong.Name("cluster"), kong.UsageOnError(),
		kong.Description("Kubernetes clusters on this machine, with or without an image registry."))
	chosen.BindTo(ctx, (*context.Context)(nil))
	site, err := clusters.Here(ctx, os.Stderr)
	if err == nil {
		err = chosen.Run(site)
	}
	stop()
	chosen.FatalIfErrorf(err)
}
