// Memgraph-controller gives Memgraph Community automatic failover and read/write
// separation. This is its one program; see README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"memgraph-controller/cli"
)

// commandLine is the whole command line.
type commandLine struct {
	cli.Commands
	Quarantine cli.QuarantineCommands `cmd:"" help:"Data that were set aside on a database's volume: list, export, drop."`

	Local struct {
		cli.LocalActions
		Run localRun `cmd:"" default:"withargs" help:"Run a cluster on this machine (the default)."`
	} `cmd:"" help:"A self-healing cluster on this machine, and ways to break it."`
	Run     kubeRun        `cmd:"" help:"Run a controller and its two gateways in Kubernetes."`
	Backup  backupCommands `cmd:"" help:"Backups of a cluster: make, list, verify, restore."`
	Reseed  reseedInit     `cmd:"" name:"reseed-init" help:"Prepare the data of a database pod before it starts (its init container)."`
	Version versionCommand `cmd:"" help:"Print the program's version."`
}

// pluginLine is the command line as kubectl's plugin: for whoever operates clusters in
// Kubernetes.
type pluginLine struct {
	cli.Commands
	Version versionCommand `cmd:"" help:"Print the program's version."`
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(terminal *cli.Terminal) error {
	_, err := fmt.Fprintln(terminal.Out, cli.Version())
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	terminal := cli.Open(os.Stdin, os.Stdout, os.Stderr)
	var root any = &commandLine{}
	if terminal.Plugin() {
		root = &pluginLine{}
	}
	code := cli.Execute(ctx, root, os.Args[1:], terminal)
	stop()
	os.Exit(code)
}
