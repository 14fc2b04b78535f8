// Command memgraph-standin runs one stand-in for Memgraph, for tests and demos:
// the flags, ports and exit codes are those of memgraph, where they mean the
// same. It is no database to keep data in.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	standin "memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/disk"
)

// notAllowed is the exit code of Memgraph in a container whose user may not write to
// the data directory (memgraph-observed 3); it dies without a word there.
const notAllowed = 139

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "memgraph-standin:", err)
	code := 1
	if death, ok := errors.AsType[*standin.Death](err); ok {
		code = death.Code
	}
	os.Exit(code) //nolint:gocritic // stop has nothing left to do
}

// run runs an instance until it dies or ctx ends, which stands for SIGTERM.
func run(ctx context.Context, args []string, getenv func(string) string, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	log, closeLog, err := s.logger(stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	data, err := disk.OpenDir(s.dataDirectory)
	if errors.Is(err, fs.ErrPermission) {
		return &standin.Death{Code: notAllowed, Reason: err.Error()}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()

	config := s.config
	config.Name, config.Disk, config.Log = address(s.boltAddress, s.boltPort), data, log
	config.BoltAddress = config.Name
	if config.BoltTLS, err = s.tls(); err != nil {
		return err
	}
	config.InitialUsername, config.InitialPassword = getenv("MEMGRAPH_USER"), getenv("MEMGRAPH_PASSWORD")
	instance, err := standin.Start(ctx, config)
	if err != nil {
		return err
	}
	defer instance.Kill()
	stopAdmin, err := serveFaults(s, instance)
	if err != nil {
		return err
	}
	defer stopAdmin()
	log.Info("ready", "bolt", config.BoltAddress, "version", config.Version)
	return wait(ctx, instance)
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// wait returns how the instance ended. A shutdown waits for a commit in flight,
// as Memgraph's does.
func wait(ctx context.Context, instance *standin.Instance) error {
	select {
	case <-instance.Died():
	case <-ctx.Done():
		if err := instance.Shutdown(context.WithoutCancel(ctx)); err != nil && instance.Death() == nil {
			return err
		}
	}
	if death := instance.Death(); death != nil {
		return death
	}
	return nil
}

// serveFaults serves /faults on the admin port, where there is one.
func serveFaults(s settings, instance *standin.Instance) (stop func(), err error) {
	if s.adminPort == 0 {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address(s.boltAddress, s.adminPort))
	if err != nil {
		return nil, fmt.Errorf("--standin-admin-port: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/faults", instance.Faults())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with stop
	}()
	return func() {
		_ = server.Close()
		<-ended
	}, nil
}
