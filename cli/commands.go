package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"memgraph-controller/controller/api"
)

// Commands act on a running cluster.
type Commands struct {
	Status     statusCommand     `cmd:"" help:"Show the cluster: instances, gateways, what is decided now, and the last transitions."`
	Explain    explainCommand    `cmd:"" help:"Say in sentences who takes writes, who would follow, and what keeps an instance from its work."`
	History    historyCommand    `cmd:"" help:"List the failovers and planned changes, or show one with its phases and what was seen."`
	Logs       logsCommand       `cmd:"" help:"Write logs, events, status and history around a failover into one archive."`
	Switchover switchoverCommand `cmd:"" help:"Let the main hand over to another instance. Nothing is lost."`
	Failover   failoverCommand   `cmd:"" help:"Make another instance the main although the present one may be lost."`
	Drill      drillCommand      `cmd:"" help:"Break one thing in a healthy cluster and measure what clients see of it."`
	Pause      pauseCommand      `cmd:"" help:"Stop every automatic action for a time."`
	Resume     resumeCommand     `cmd:"" help:"End a pause now."`
	Completion completionCommand `cmd:"" help:"Print the script that completes commands and flags in a shell."`
	Complete   completeCommand   `cmd:"" hidden:""`
}

// Version is what the build says of itself.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// The exit codes.
const (
	exitDone = iota
	exitFailed
	exitUsage
	exitRefused
)

// Execute parses args for root, runs the command that they name and returns the
// exit code. What went wrong is printed as one line.
func Execute(ctx context.Context, root any, args []string, terminal *Terminal, options ...kong.Option) int {
	left := false // kong has printed the help and asked to exit
	parser, err := kong.New(root, append([]kong.Option{
		kong.Name(terminal.name()),
		kong.Writers(terminal.Out, terminal.Err),
		kong.Exit(func(int) { left = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(terminal),
	}, options...)...)
	if err != nil {
		return report(terminal, fmt.Errorf("the command line is built wrongly: %w", err))
	}
	command, err := parser.Parse(args)
	switch {
	case left:
		return exitDone
	case err != nil:
		return report(terminal, usageError{err})
	default:
		return report(terminal, command.Run())
	}
}

// report prints an error and returns its exit code.
func report(terminal *Terminal, err error) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(terminal.Err, "%s: %v\n", terminal.name(), err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(terminal.Err, "Run with --help to see what there is.")
	}
	return exitCode(err)
}

func exitCode(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[refusal](err); ok {
		return exitRefused
	}
	if answered, ok := errors.AsType[*api.Error](err); ok && answered.Status != http.StatusInternalServerError {
		return exitRefused
	}
	return exitFailed
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

// Unwrap returns the cause.
func (e usageError) Unwrap() error { return e.error }

// refusal is something that this program does not do without a word from the
// person at it.
type refusal struct{ text string }

// Error returns the sentence.
func (r refusal) Error() string { return r.text }
