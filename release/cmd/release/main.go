// Command release makes what a release of a tag consists of; see package release.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"memgraph-controller/clusters/command"
	"memgraph-controller/release"
)

type commandLine struct {
	Version string `help:"The tag that is checked out, such as v1.2.3." required:""`
	Image   string `help:"Name, without a tag, under which the image will be found." required:""`
	Tools   string `help:"Where helm and the programs of tools/supply are." default:"out/bin"`
	Out     string `help:"Where everything is put." default:"out/release"`
}

func main() {
	var c commandLine
	parsed := kong.Parse(&c, kong.Name("release"), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := release.Make(ctx, command.Exec{}, release.Plan{Module: ".", Tools: c.Tools, Version: c.Version, Image: c.Image, Out: c.Out})
	stop()
	parsed.FatalIfErrorf(err)
	fmt.Println(c.Out)
}
