// Command workload is the Go client of the suites for places where no test runs:
// it puts the load of package workload to work and writes the history on stdout as
// lines. SIGTERM or SIGINT ends it: what is under way has 15 s to end, the rest is
// told as an error.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"memgraph-controller/e2e/workload"
)

// commandLine has the flags of all clients, in whatever language.
type commandLine struct {
	Write   string `required:"" help:"Address of the write gateway, host:port."`
	Read    string `required:"" help:"Address of the read gateway, host:port."`
	FirstID int64  `name:"first-id" default:"1" help:"Id of the first write."`

	workload.Rates
}

// Run works until ctx ends.
func (c commandLine) Run(ctx context.Context) error {
	lines := workload.NewEncoder(os.Stdout)
	load, err := workload.Start(ctx, workload.Config{
		Write: c.Write, Read: c.Read, FirstID: c.FirstID, Rates: c.Rates, Lines: lines,
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	load.Stop()
	return lines.End()
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	chosen := kong.Parse(&commandLine{}, kong.Name("workload"),
		kong.Description("Clients that read and write through both gateways at fixed rates and tell what they saw."))
	chosen.BindTo(ctx, (*context.Context)(nil))
	err := chosen.Run()
	stop()
	chosen.FatalIfErrorf(err)
}
