// Package cli is the part of the command line that acts on a running cluster:
// status, explain, history, switchover, failover, pause and resume through a
// controller's HTTP API, logs and drill through Kubernetes besides, and what can be
// done to the instances of a local cluster.
//
// It is for people and scripts, and of the cluster's state it knows nothing that the
// API does not say. Where the API is, it finds by itself (package cluster). A
// program embeds [Commands] in the struct that it gives to kong, and runs it:
//
//	var root struct {
//		cli.Commands
//		Local struct {
//			cli.LocalActions
//			Run localRun `cmd:"" default:"withargs" help:"..."`
//		} `cmd:"" help:"..."`
//	}
//	os.Exit(cli.Execute(ctx, &root, os.Args[1:], cli.Open(os.Stdin, os.Stdout, os.Stderr)))
//
// Every command has a method Run(context.Context, *Terminal) error; commands of
// the program's own may have the same.
//
// [Table] draws a status, [Screen] draws it again and again: the commands use
// them, and so does whoever runs a controller in the foreground.
//
// # Exit codes
//
// 0 done, 1 failed, 2 used wrongly, 3 refused by the controller, or not confirmed, or
// not done because it would be a risk. The reference has the table.
package cli
