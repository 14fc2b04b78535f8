package local

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// helpTime and helpSize bound the question for a program's flags: a server that
// ignores --help and starts would otherwise never answer.
const (
	helpTime = 10 * time.Second
	helpSize = 1 << 20
)

// program is the database binary with its own list of flags. Only flags that
// every database program knows are given blindly; the stand-in need not have the
// monitoring and metrics servers of the real one, and a flag it does not know
// would keep it from starting.
type program struct {
	path string
	help string
}

// probe runs the program with --help. Its exit code says nothing: gflags, which
// Memgraph uses, exits with 1 after printing help.
func probe(ctx context.Context, path string) (program, error) {
	ctx, cancel := context.WithTimeout(ctx, helpTime)
	defer cancel()
	printed := make(firstBytes, 0, helpSize)
	cmd := exec.CommandContext(ctx, path, "--help")
	cmd.Stdout, cmd.Stderr = &printed, &printed
	// A child that outlives the program must not keep its output open for ever.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return program{}, fmt.Errorf("database program %s does not answer --help: %w", path, ctx.Err())
	case err != nil && !errors.As(err, &exit):
		return program{}, fmt.Errorf("database program %s cannot be run: %w", path, err)
	}
	return program{path: path, help: strings.ReplaceAll(string(printed), "_", "-")}, nil
}

// knows tells whether the help names a flag. gflags prints flags with _ where
// the command line takes -.
func (p program) knows(flag string) bool { return strings.Contains(p.help, "-"+flag) }

// firstBytes keeps the first bytes written to it, up to cap, and swallows the
// rest. (An embedded bytes.Buffer would bring its ReadFrom, which has no limit.)
type firstBytes []byte

func (b *firstBytes) Write(data []byte) (int, error) {
	*b = append(*b, data[:min(len(data), cap(*b)-len(*b))]...)
	return len(data), nil
}

// socket is a port that every instance has; instance n listens on base + n.
type socket struct {
	use  string // bolt, replication, monitoring, metrics
	base int
	// spoken: the database is told by a statement, not by flags.
	spoken bool
}

// sockets lists what the instances listen on when they run p.
func (c Config) sockets(p program) []socket {
	sockets := []socket{{use: "bolt", base: c.BoltPort}, {use: "replication", base: c.ReplicationPort, spoken: true}}
	for _, s := range []socket{{use: "monitoring", base: c.MonitoringPort}, {use: "metrics", base: c.MetricsPort}} {
		if p.knows(s.use + "-port") {
			sockets = append(sockets, s)
		}
	}
	return sockets
}

// flags is the command line of instance n, whose files are in home. Everything
// that the promise of the project rests on is said aloud, because a packaged
// Memgraph reads other defaults from its configuration file. restore is false
// for a main that is to forget its replicas.
func (c Config) flags(p program, n int, home string, restore bool) []string {
	flags := []string{
		"--data-directory=" + filepath.Join(home, "data"),
		"--storage-wal-enabled=true",
		// An exit snapshot makes a stop slow, and keeps a history that a
		// restart would have cleaned (memgraph-observed 1.1).
		"--storage-snapshot-on-exit=false",
		// Not --storage-snapshot-interval-sec, which it overrides, also where the
		// program's configuration file has it (conformance S6).
		fmt.Sprintf("--storage-snapshot-interval=%d", int(c.SnapshotInterval.Seconds())),
		fmt.Sprintf("--storage-wal-file-flush-every-n-tx=%d", c.FlushEvery),
		"--data-recovery-on-startup=true",
		fmt.Sprintf("--replication-restore-state-on-startup=%t", restore),
		"--telemetry-enabled=false",
		// The log goes to standard error and so into one file that is bounded at
		// each start; a log file of its own would get a new name every day.
		"--log-level=WARNING",
		"--log-file=",
		"--also-log-to-stderr=true",
	}
	for _, s := range c.sockets(p) {
		if !s.spoken {
			flags = append(flags, fmt.Sprintf("--%s-address=%s", s.use, host), fmt.Sprintf("--%s-port=%d", s.use, s.base+n))
		}
	}
	return append(flags, c.Flags...)
}
