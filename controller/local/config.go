package local

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// host is the only address that instances listen on: the database ports know no
// authentication worth the name, so they are not for other machines.
const host = "127.0.0.1"

// Config says which instances a Fleet runs, and how. Start from Defaults.
type Config struct {
	// Dir holds everything that lasts: data, logs, the record. It is created if
	// it is missing and belongs to one running Fleet. Flag --data-dir.
	Dir string
	// Binary is the database program: the stand-in or a real Memgraph. A wrapper
	// script should exec it: only then does it die with this process whatever
	// happens. Flag --memgraph.
	Binary string
	// Instances is how many are run; they are named memgraph-0, memgraph-1, ...
	// Flag --instances.
	Instances int
	// BoltPort, ReplicationPort, MonitoringPort and MetricsPort are those of
	// memgraph-0; each next instance has the next port. The last two are used
	// only if Binary knows them. Flags --bolt-port, --replication-port,
	// --monitoring-port and --metrics-port.
	BoltPort, ReplicationPort, MonitoringPort, MetricsPort int
	// FlushEvery is after how many transactions the database waits for the disk.
	// At 1 an acknowledged write survives a loss of power, at no measurable cost
	// on an ordinary disk (memgraph-observed 3). The database's own default of
	// 100,000 survives the death of a process, not that of the machine.
	FlushEvery int
	// SnapshotInterval is the time between two snapshots of each main, in whole
	// seconds. It cannot be switched off: without snapshots the database writes
	// no log, and without a log it replicates nothing (memgraph-observed 2).
	SnapshotInterval time.Duration
	// Flags are given to the database after all others, so they win.
	Flags []string
	// RestartDelay is the time from the death of a process to its next start. It
	// doubles with each start that lasted less than settled, up to
	// MaxRestartDelay.
	RestartDelay, MaxRestartDelay time.Duration
	// Notice is how long RestartGracefully announces an instance as terminating
	// before it signals it: time to hand its role over, as the preStop sleep of
	// a pod gives. 0 signals at once. A switchover takes about 0.3 s. Flag
	// --restart-notice.
	Notice time.Duration
	// Grace is the time from SIGTERM to SIGKILL. The database needs it to finish
	// its log; with snapshot-on-exit off that is well under a second.
	Grace time.Duration
}

// Defaults returns the settings of a cluster of three on this machine. Dir and
// Binary are still to be set.
func Defaults() Config {
	return Config{
		Instances: 3,
		BoltPort:  7691, ReplicationPort: 10000, MonitoringPort: 7444, MetricsPort: 9091,
		FlushEvery: 1, SnapshotInterval: 5 * time.Minute,
		RestartDelay: time.Second, MaxRestartDelay: 10 * time.Second,
		Notice: time.Second, Grace: 10 * time.Second,
	}
}

// resolve checks the settings and makes the paths independent of the working
// directory.
func (c *Config) resolve() error {
	switch {
	case c.Dir == "":
		return errors.New("no data directory is given; name one with --data-dir")
	case c.Binary == "":
		return errors.New("no database program is given; name one with --memgraph")
	case c.Instances < 1:
		return fmt.Errorf("%d instances cannot be run; --instances must be at least 1", c.Instances)
	case c.SnapshotInterval < time.Second:
		return fmt.Errorf("a snapshot interval of %s is too short: the database counts whole seconds", c.SnapshotInterval)
	case c.FlushEvery < 1:
		return fmt.Errorf("waiting for the disk every %d transactions makes no sense; it must be at least 1", c.FlushEvery)
	case c.RestartDelay <= 0 || c.MaxRestartDelay < c.RestartDelay:
		return fmt.Errorf("restart delays from %s to %s make no sense; the first must be above 0, the second no less", c.RestartDelay, c.MaxRestartDelay)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", c.Dir, err)
	}
	binary, err := exec.LookPath(c.Binary)
	if err != nil {
		return fmt.Errorf("database program: %w", err)
	}
	if c.Binary, err = filepath.Abs(binary); err != nil {
		return fmt.Errorf("database program %s: %w", binary, err)
	}
	c.Dir = dir
	return nil
}
