// Command cluster brings clusters up for the targets of the Makefile. What it is at
// goes to stderr; stdout gets the names of the images, a variable each.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/kind"
)

type commandLine struct {
	Up         up         `cmd:"" help:"Create the cluster, unless it is there, and load the images."`
	Install    install    `cmd:"" help:"Create the cluster, unless it is there, and install the chart, or upgrade it."`
	Load       load       `cmd:"" help:"Build the images anew and load them into the cluster."`
	Down       down       `cmd:"" help:"Remove the cluster. The Docker engine goes on running."`
	Images     images     `cmd:"" help:"Build all images that up needs, and create no cluster."`
	StopEngine stopEngine `cmd:"" help:"Stop the Docker engine, if up started it."`
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

type up struct{ purpose }

// Run brings the cluster up.
func (u up) Run(ctx context.Context, site *clusters.Site) error {
	return print(site.Up(ctx, u.cluster()))
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

type load struct{ purpose }

// Run loads images.
func (l load) Run(ctx context.Context, site *clusters.Site) error {
	return print(site.Load(ctx, l.cluster()))
}

type down struct{ purpose }

// Run removes the cluster.
func (d down) Run(site *clusters.Site) error { return site.Down(d.cluster()) }

type images struct{}

// Run builds images.
func (images) Run(ctx context.Context, site *clusters.Site) error { return site.Build(ctx) }

type stopEngine struct{}

// Run stops the engine.
func (stopEngine) Run(ctx context.Context, site *clusters.Site) error { return site.StopEngine(ctx) }

func print(images clusters.Images, err error) error {
	if err == nil {
		fmt.Printf("CONTROLLER_IMAGE=%s\nDATABASE_IMAGE=%s\n", images.Controller, images.Database)
	}
	return err
}

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
