package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	standin "memgraph-controller/clusters/standin"
)

// settings is what the command line asks for.
type settings struct {
	dataDirectory string
	boltAddress   string
	boltPort      int
	boltCertFile  string
	boltKeyFile   string
	adminPort     int // 0: no faults over HTTP
	logLevel      string
	logFile       string
	logToStderr   bool
	config        standin.Config
}

// parse reads Memgraph's own flags, with - or _ between their words, and the
// stand-in's. Some are accepted for the sake of existing command lines.
func parse(args []string, output io.Writer) (settings, error) {
	s := settings{config: standin.Defaults()}
	c := &s.config
	flags := flag.NewFlagSet("memgraph-standin", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.dataDirectory, "data-directory", "mg_data", "`folder` that holds all data")
	flags.StringVar(&s.boltAddress, "bolt-address", "0.0.0.0", "`address` to serve Bolt on")
	flags.IntVar(&s.boltPort, "bolt-port", 7687, "`port` to serve Bolt on")
	flags.StringVar(&s.boltCertFile, "bolt-cert-file", "", "`file` with the certificate for TLS; without one there is none")
	flags.StringVar(&s.boltKeyFile, "bolt-key-file", "", "`file` with its key")
	flags.StringVar(&c.BoltServerName, "bolt-server-name-for-init", "", "server `name` in the answer to HELLO")
	flags.StringVar(&s.logLevel, "log-level", "WARNING", "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL")
	flags.StringVar(&s.logFile, "log-file", "", "`file` to append the log to; without one it goes to stderr")
	flags.BoolVar(&s.logToStderr, "also-log-to-stderr", false, "log to stderr as well as to --log-file")
	flags.Bool("telemetry-enabled", false, "accepted; there is no telemetry")
	flags.Bool("storage-properties-on-edges", true, "accepted; edges have properties")
	seconds(flags, &c.StorageSnapshotInterval, "storage-snapshot-interval-sec", "seconds between two snapshots, 0 for none")
	seconds(flags, &c.StorageSnapshotInterval, "storage-snapshot-interval", "the same under its other name, which may be a schedule in Enterprise")
	flags.IntVar(&c.StorageSnapshotRetentionCount, "storage-snapshot-retention-count", c.StorageSnapshotRetentionCount, "snapshots to keep")
	flags.BoolVar(&c.StorageSnapshotOnExit, "storage-snapshot-on-exit", c.StorageSnapshotOnExit, "take a snapshot on SIGTERM")
	flags.BoolVar(&c.StorageWALEnabled, "storage-wal-enabled", c.StorageWALEnabled, "keep a write-ahead log; without it nothing is replicated")
	flags.IntVar(&c.StorageWALFileFlushEveryNTx, "storage-wal-file-flush-every-n-tx", c.StorageWALFileFlushEveryNTx, "transactions between two fsyncs")
	flags.IntVar(&c.StorageWALFileSizeKiB, "storage-wal-file-size-kib", c.StorageWALFileSizeKiB, "size of a segment of the log")
	flags.BoolVar(&c.DataRecoveryOnStartup, "data-recovery-on-startup", c.DataRecoveryOnStartup, "load what is on the disk")
	flags.BoolVar(&c.ReplicationRestoreStateOnStartup, "replication-restore-state-on-startup", c.ReplicationRestoreStateOnStartup, "keep role and registrations over a restart")
	seconds(flags, &c.ReplicationReplicaCheckFrequency, "replication-replica-check-frequency-sec", "seconds between two heartbeats, 0 for none")
	seconds(flags, &c.StorageAccessTimeout, "storage-access-timeout-sec", "seconds to wait for a storage that loads a snapshot")
	flags.StringVar(&c.Version, "standin-version", c.Version, "`version` of Memgraph to behave like, 3.6 to 3.13")
	flags.IntVar(&s.adminPort, "standin-admin-port", 0, "`port` to switch faults on over HTTP, 0 for none")
	if err := flags.Parse(withDashes(args)); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: flags look like --bolt-port=7687", flags.Arg(0))
	}
	return s, s.check()
}

// seconds is a flag in whole seconds.
func seconds(flags *flag.FlagSet, value *time.Duration, name, usage string) {
	usage = fmt.Sprintf("%s (default %d)", usage, int(*value/time.Second))
	flags.Func(name, usage, func(text string) error {
		parsed, err := time.ParseDuration(text + "s")
		if err != nil || parsed < 0 {
			return fmt.Errorf("want a number of seconds, got %q", text)
		}
		*value = parsed
		return nil
	})
}

// withDashes lets flags be written with underscores, as in Memgraph's own
// documentation.
func withDashes(args []string) []string {
	var dashed []string
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if strings.HasPrefix(name, "-") {
			name = strings.ReplaceAll(name, "_", "-")
		}
		if found {
			name += "=" + value
		}
		dashed = append(dashed, name)
	}
	return dashed
}

func (s *settings) check() error {
	for name, port := range map[string]int{"--bolt-port": s.boltPort, "--standin-admin-port": s.adminPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("%s=%d: a port is between 0 and 65535", name, port)
		}
	}
	for name, n := range map[string]int{
		"--storage-wal-file-flush-every-n-tx": s.config.StorageWALFileFlushEveryNTx,
		"--storage-wal-file-size-kib":         s.config.StorageWALFileSizeKiB,
		"--storage-snapshot-retention-count":  s.config.StorageSnapshotRetentionCount,
	} {
		if n < 1 {
			return fmt.Errorf("%s=%d: must be at least 1", name, n)
		}
	}
	_, err := level(s.logLevel)
	return err
}

// tls is what Bolt is served with, nil without a certificate.
func (s *settings) tls() (*tls.Config, error) {
	if s.boltCertFile == "" && s.boltKeyFile == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.boltCertFile, s.boltKeyFile)
	if err != nil {
		return nil, fmt.Errorf("--bolt-cert-file and --bolt-key-file: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

func level(name string) (slog.Level, error) {
	levels := map[string]slog.Level{
		"TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
		"WARNING": slog.LevelWarn, "ERROR": slog.LevelError, "CRITICAL": slog.LevelError,
	}
	if l, ok := levels[strings.ToUpper(name)]; ok {
		return l, nil
	}
	return 0, fmt.Errorf("--log-level=%s: want TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL", name)
}

// logger opens the log; done closes its file.
func (s *settings) logger(stderr io.Writer) (log *slog.Logger, done func() error, err error) {
	min, err := level(s.logLevel)
	if err != nil {
		return nil, nil, err
	}
	writer, done := stderr, func() error { return nil }
	if s.logFile != "" {
		file, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, nil, errors.Join(errors.New("--log-file"), err)
		}
		writer, done = file, file.Close
		if s.logToStderr {
			writer = io.MultiWriter(file, stderr)
		}
	}
	return slog.New(slog.NewTextHandler(writer, &slog.HandlerOptions{Level: min})), done, nil
}
