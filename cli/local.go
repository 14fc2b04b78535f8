package cli

import (
	"context"

	"memgraph-controller/controller/api"
)

// LocalActions do something to the process of one instance of a local cluster.
type LocalActions struct {
	Kill    killCommand    `cmd:"" help:"End an instance's process without mercy (SIGKILL); it is started again."`
	Stop    stopCommand    `cmd:"" help:"Freeze an instance (SIGSTOP): it lives and is silent."`
	Cont    contCommand    `cmd:"" help:"Let a frozen instance go on (SIGCONT)."`
	Restart restartCommand `cmd:"" help:"End an instance politely and start it again."`
}

// onInstance is what the four commands have in common.
type onInstance struct {
	Server string `help:"Address of the controller's HTTP server." default:"http://127.0.0.1:8080" env:"MEMGRAPH_CONTROLLER_SERVER" placeholder:"URL"`
	tokenFlag
	Instance string `arg:"" help:"Its name, such as memgraph-0."`
}

func (c *onInstance) do(ctx context.Context, terminal *Terminal, action api.Action) error {
	r := (&clusterFlags{tokenFlag: c.tokenFlag}).at(c.Server, terminal)
	defer r.close()
	accepted, err := r.Instance(ctx, api.InstanceAction{Instance: c.Instance, Do: action})
	if err != nil {
		return r.explain(err)
	}
	terminal.printf("%s\n", accepted.Message)
	return nil
}

type killCommand struct{ onInstance }

// Run kills the instance.
func (c *killCommand) Run(ctx context.Context, t *Terminal) error {
	return c.do(ctx, t, api.ActionKill)
}

type stopCommand struct{ onInstance }

// Run freezes the instance.
func (c *stopCommand) Run(ctx context.Context, t *Terminal) error {
	return c.do(ctx, t, api.ActionStop)
}

type contCommand struct{ onInstance }

// Run lets the instance go on.
func (c *contCommand) Run(ctx context.Context, t *Terminal) error {
	return c.do(ctx, t, api.ActionCont)
}

type restartCommand struct{ onInstance }

// Run restarts the instance.
func (c *restartCommand) Run(ctx context.Context, t *Terminal) error {
	return c.do(ctx, t, api.ActionRestart)
}
