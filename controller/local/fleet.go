package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"memgraph-controller/controller"
)

// Fleet runs the instances of a local cluster. Its methods may be called from
// any goroutine. Orders to one instance are carried out one after another, those
// to different ones at the same time. An order is not begun when its context has
// ended; one that was begun before goes on without its caller.
type Fleet struct {
	instances []*instance // sorted by name
	lock      *fileLock
	release   sync.Once
	changes   chan struct{}
}

var _ controller.Fleet = (*Fleet)(nil)

func instanceName(n int) string { return "memgraph-" + strconv.Itoa(n) }

// OpenFleet starts the instances and keeps them running until Close. Before it
// starts any it makes sure that nobody else uses the data directory, that no
// process of an earlier run is left, that every port is free and that the
// program can be run; all these errors say what to do. ctx bounds these checks,
// not the life of the fleet.
func OpenFleet(ctx context.Context, config Config, log *slog.Logger) (*Fleet, error) {
	if err := config.resolve(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := lockDir(config.Dir)
	if err != nil {
		return nil, err
	}
	fleet := &Fleet{lock: lock, changes: make(chan struct{}, 1)}
	if err := fleet.start(ctx, config, log); err != nil {
		closed, cancel := context.WithCancel(context.Background())
		cancel()
		fleet.Close(closed)
		return nil, err
	}
	return fleet, nil
}

func lockDir(dir string) (*fileLock, error) {
	lock, err := tryLock(filepath.Join(dir, "lock"))
	switch {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("data directory %s is in use: %w; end that, or choose another --data-dir", dir, err)
	case err != nil:
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	if err := lock.sign(); err != nil {
		lock.unlock()
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	return lock, nil
}

// start checks everything and starts every instance.
func (f *Fleet) start(ctx context.Context, config Config, log *slog.Logger) error {
	program, err := probe(ctx, config.Binary)
	if err != nil {
		return err
	}
	if err := noLeftovers(config); err != nil {
		return err
	}
	if err := freePorts(config.sockets(program), config.Instances); err != nil {
		return err
	}
	warnOfStrangers(config, log)
	for n := range config.Instances {
		i, err := newInstance(config, program, n, log)
		if err != nil {
			return err
		}
		i.changed = f.signal
		if err := i.start(); err != nil {
			return fmt.Errorf("start %s: %w", i.snapshot.Name, err)
		}
		f.instances = append(f.instances, i)
		go i.run()
	}
	slices.SortFunc(f.instances, func(a, b *instance) int { return cmp.Compare(a.snapshot.Name, b.snapshot.Name) })
	return nil
}

// noLeftovers refuses to start beside a process that still uses our data: two
// processes on one data directory destroy it.
func noLeftovers(config Config) error {
	var found []error
	for n := range config.Instances {
		data := filepath.Join(config.Dir, instanceName(n), "data")
		if pid := userOf(data); pid != 0 {
			found = append(found, fmt.Errorf("%s of an earlier run is still there: %s uses %s; end it with `kill -9 %d` (acknowledged writes stay) and start again",
				instanceName(n), describe(pid), data, pid))
		}
	}
	return errors.Join(found...)
}

// warnOfStrangers tells of instances that have data but are not run, because
// there were more of them before: the newest data may be theirs.
func warnOfStrangers(config Config, log *slog.Logger) {
	homes, _ := filepath.Glob(filepath.Join(config.Dir, "memgraph-*", "data"))
	for _, data := range homes {
		name := filepath.Base(filepath.Dir(data))
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "memgraph-")); err == nil && n >= config.Instances {
			log.Warn("an instance has data but is not run; give a higher --instances if it should be", "instance", name, "path", data)
		}
	}
}

func newInstance(config Config, program program, n int, log *slog.Logger) (*instance, error) {
	name := instanceName(n)
	home := filepath.Join(config.Dir, name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("directory of %s: %w", name, err)
	}
	return &instance{
		snapshot: controller.Process{
			Name:        name,
			Bolt:        net.JoinHostPort(host, strconv.Itoa(config.BoltPort+n)),
			Replication: net.JoinHostPort(host, strconv.Itoa(config.ReplicationPort+n)),
		},
		home: home,
		command: func(restore bool) command {
			return command{path: program.path, args: config.flags(program, n, home, restore), output: filepath.Join(home, "log")}
		},
		launch: launch,
		pace:   pace{delay: config.RestartDelay, maxDelay: config.MaxRestartDelay, notice: config.Notice, grace: config.Grace},
		log:    log.With("instance", name),
		orders: make(chan func()),
		gone:   make(chan struct{}),
	}, nil
}

func (f *Fleet) signal() {
	select {
	case f.changes <- struct{}{}:
	default: // a value that nobody has taken yet tells of this change too
	}
}

// List returns what is known of every instance, sorted by name. The part of
// Process.ID before the first "-" is the id of the operating system.
func (f *Fleet) List() []controller.Process {
	list := make([]controller.Process, len(f.instances))
	for n, i := range f.instances {
		list[n] = *i.seen.Load()
	}
	return list
}

// Changes receives a value after changes of what List returns.
func (f *Fleet) Changes() <-chan struct{} { return f.changes }

// Restart kills an instance's process and starts it at once without its
// replication state. It returns when the new process has been started; answering
// takes it longer.
func (f *Fleet) Restart(ctx context.Context, name string) error {
	return f.order(ctx, "restart", name, (*instance).restart)
}

// Reseed kills an instance's process, moves its data into its quarantine folder
// and starts it empty. If the data cannot be moved it comes back with them.
func (f *Fleet) Reseed(ctx context.Context, name, reason string) error {
	return f.order(ctx, "reseed", name, func(i *instance) error { return i.reseed(reason) })
}

// Kill kills an instance's process and returns when it is gone. It is started
// again after Config.RestartDelay.
func (f *Fleet) Kill(ctx context.Context, name string) error {
	return f.order(ctx, "kill", name, (*instance).kill)
}

// Stop freezes an instance's process (SIGSTOP) until Cont. An error if there is
// none just now.
func (f *Fleet) Stop(ctx context.Context, name string) error {
	return f.order(ctx, "stop", name, (*instance).stop)
}

// Cont lets a frozen process go on.
func (f *Fleet) Cont(ctx context.Context, name string) error {
	return f.order(ctx, "continue", name, (*instance).cont)
}

// RestartGracefully announces an instance as terminating for Config.Notice, ends
// its process with SIGTERM (SIGKILL after Config.Grace) and starts it again with
// its replication state. It returns when the new process has been started.
func (f *Fleet) RestartGracefully(ctx context.Context, name string) error {
	i, err := f.find(name)
	if err == nil {
		err = i.ask(ctx, i.retire)
	}
	if err != nil {
		return fmt.Errorf("restart %s gracefully: %w", name, err)
	}
	return nil
}

func (f *Fleet) order(ctx context.Context, verb, name string, do func(*instance) error) error {
	i, err := f.find(name)
	if err == nil {
		err = i.ask(ctx, func(reply chan<- error) { reply <- do(i) })
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, name, err)
	}
	return nil
}

func (f *Fleet) find(name string) (*instance, error) {
	names := make([]string, len(f.instances))
	for n, i := range f.instances {
		if names[n] = i.snapshot.Name; names[n] == name {
			return i, nil
		}
	}
	return nil, fmt.Errorf("there is no such instance; there are %s", strings.Join(names, ", "))
}

// Close ends all processes at once: SIGTERM, then SIGKILL after Config.Grace or
// when ctx ends. It returns when every one is gone and the data directory is
// free. Further calls wait for the same.
func (f *Fleet) Close(ctx context.Context) {
	for _, i := range f.instances {
		select {
		case i.orders <- func() { i.close(ctx) }:
		case <-i.gone:
		}
	}
	for _, i := range f.instances {
		<-i.gone
	}
	f.release.Do(f.lock.unlock)
}
