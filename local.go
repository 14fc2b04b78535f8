package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"memgraph-controller/cli"
	"memgraph-controller/controller"
	"memgraph-controller/controller/api"
	"memgraph-controller/controller/local"
	"memgraph-controller/gateway"
)

// standIn is the database that is run by default, next to this program. It is a
// program of its own: what is for tests and demos is not part of this one.
const standIn = "memgraph-standin"

// localRun runs a cluster on this machine.
type localRun struct {
	DataDir   string `help:"Where data, logs and the topology record are kept." default:"memgraph-local" type:"path"`
	Memgraph  string `help:"The Memgraph program to run. Default: the stand-in beside this program." placeholder:"PATH" type:"path"`
	Instances int    `help:"How many instances to run." default:"3"`

	Write string `help:"Where the write gateway listens." default:"127.0.0.1:7687"`
	Read  string `help:"Where the read gateway listens." default:"127.0.0.1:7688"`
	HTTP  string `name:"http" help:"Where status, metrics and the API are served." default:"127.0.0.1:8080"`
	Token string `help:"Token that changing calls must carry; needed where HTTP is not on a loopback address." env:"MEMGRAPH_CONTROLLER_TOKEN"`

	BoltPort        int `help:"Bolt port of memgraph-0; each next instance has the next one." default:"7691"`
	ReplicationPort int `help:"Replication port of memgraph-0; each next instance has the next one." default:"10000"`
	MonitoringPort  int `help:"Monitoring port of memgraph-0 (real Memgraph only)." default:"7444"`
	MetricsPort     int `help:"Metrics port of memgraph-0 (real Memgraph only)." default:"9091"`

	behaviour
	RestartDelay time.Duration `help:"Time from the death of an instance to its next start." default:"1s"`
	Notice       time.Duration `name:"restart-notice" help:"How long a restart is announced before the instance is told to end, so that it can hand its role over." default:"1s"`
}

// Run runs the cluster until ctx ends, and leaves no process behind.
func (l *localRun) Run(ctx context.Context, terminal *cli.Terminal) error {
	binary, err := l.database()
	if err != nil {
		return err
	}
	log, closeLog, err := l.log(terminal)
	if err != nil {
		return err
	}
	defer closeLog()
	store, err := local.OpenStore(l.DataDir)
	if err != nil {
		return err
	}
	defer store.Close()
	fleet, err := local.OpenFleet(ctx, l.fleetConfig(binary), log)
	if err != nil {
		return err
	}
	defer l.closeFleet(fleet)
	return l.serve(ctx, terminal, store, fleet, log)
}

// stopWithin bounds the orderly end of the instances.
const stopWithin = 15 * time.Second

func (l *localRun) closeFleet(fleet *local.Fleet) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	fleet.Close(ctx)
}

func (l *localRun) serve(ctx context.Context, terminal *cli.Terminal, store *local.Store, fleet *local.Fleet, log *slog.Logger) error {
	failovers, registry := api.NewFailoverMetrics(), prometheus.NewRegistry()
	if err := registry.Register(failovers); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	c, err := l.controller(store, fleet, failovers.Observe, log)
	if err != nil {
		return err
	}
	server, err := api.New(api.Config{Address: l.HTTP, Token: l.Token, Backend: c, Log: log, Registry: registry})
	if err != nil {
		return err
	}
	l.greet(terminal)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.Run(ctx) })
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { show(ctx, cli.NewScreen(terminal), c); return nil })
	return group.Wait()
}

func (l *localRun) controller(store *local.Store, fleet *local.Fleet, ended func(api.Failover), log *slog.Logger) (*controller.Controller, error) {
	var c *controller.Controller
	sighted := func(s gateway.Sighting) { c.Sighted(s) } // c is set before either gateway runs
	config, err := l.config(log)
	if err != nil {
		return nil, err
	}
	config.Name, config.Cluster = "local", filepath.Base(l.DataDir)
	config.Fleet, config.Store, config.Processes, config.OnFailover = fleet, store, fleet, ended
	config.Write = writeGateway(l.Write, nil, 0, log, sighted)
	if config.Read, err = l.readGateway(l.Read, nil, config.Write, log, sighted); err != nil {
		return nil, err
	}
	c, err = controller.New(config)
	return c, err
}

func (l *localRun) fleetConfig(binary string) local.Config {
	config := local.Defaults()
	config.Dir, config.Binary, config.Instances, config.RestartDelay = l.DataDir, binary, l.Instances, l.RestartDelay
	config.Notice = l.Notice
	config.BoltPort, config.ReplicationPort = l.BoltPort, l.ReplicationPort
	config.MonitoringPort, config.MetricsPort = l.MonitoringPort, l.MetricsPort
	config.MaxRestartDelay = max(config.MaxRestartDelay, l.RestartDelay)
	return config
}

// database finds the program that the instances run.
func (l *localRun) database() (string, error) {
	if l.Memgraph != "" {
		return l.Memgraph, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the stand-in: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), standIn)
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the stand-in is not at %s: build it with `make build`, or name a Memgraph program with --memgraph", beside)
	}
	return beside, nil
}

// log writes to a file of the data directory where the terminal shows the live
// table, and to the terminal elsewhere.
func (l *localRun) log(terminal *cli.Terminal) (log *slog.Logger, closeLog func(), err error) {
	if !terminal.Live {
		return slog.New(slog.NewTextHandler(terminal.Err, nil)), func() {}, nil
	}
	if err := os.MkdirAll(l.DataDir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("data directory: %w", err)
	}
	file, err := os.OpenFile(l.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("log file: %w", err)
	}
	return slog.New(slog.NewTextHandler(file, nil)), func() { _ = file.Close() }, nil
}

func (l *localRun) logFile() string { return filepath.Join(l.DataDir, "controller.log") }

func (l *localRun) greet(terminal *cli.Terminal) {
	fmt.Fprintf(terminal.Out, "writes: bolt://%s   reads: bolt://%s   status: http://%s\nbreak it: memgraph-controller local kill memgraph-0   stop: Ctrl-C\n",
		l.Write, l.Read, l.HTTP)
}

// redrawEvery is how often the live table is drawn.
const redrawEvery = 250 * time.Millisecond

// show draws the status until ctx ends.
func show(ctx context.Context, screen *cli.Screen, c *controller.Controller) {
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			screen.Show(c.Status())
		}
	}
}
