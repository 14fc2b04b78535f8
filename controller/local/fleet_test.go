package local

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"memgraph-controller/controller"
)

func TestFleetRunsEveryInstanceWithItsOwnPortsAndData(t *testing.T) {
	config := quick(t)
	config.Flags = []string{"--storage-wal-file-size-kib=64"}
	fleet, _ := open(t, config)
	for n, p := range fleet.List() {
		name := fmt.Sprintf("memgraph-%d", n)
		require.Equal(t, name, p.Name)
		require.Equal(t, fmt.Sprintf("127.0.0.1:%d", config.BoltPort+n), p.Bolt)
		require.Equal(t, fmt.Sprintf("127.0.0.1:%d", config.ReplicationPort+n), p.Replication)
		require.False(t, p.Dead || p.Terminating)
		first := births(t, config, name, 1)[0]
		require.True(t, strings.HasPrefix(p.ID, strconv.Itoa(first.PID)+"-"))
		require.Equal(t, []string{
			"--data-directory=" + filepath.Join(config.Dir, name, "data"),
			"--storage-wal-enabled=true",
			"--storage-snapshot-on-exit=false",
			"--storage-snapshot-interval=300",
			"--storage-wal-file-flush-every-n-tx=1",
			"--data-recovery-on-startup=true",
			"--replication-restore-state-on-startup=true",
			"--telemetry-enabled=false",
			"--log-level=WARNING",
			"--log-file=",
			"--also-log-to-stderr=true",
			"--bolt-address=127.0.0.1",
			fmt.Sprintf("--bolt-port=%d", config.BoltPort+n),
			"--storage-wal-file-size-kib=64",
		}, first.Args)
	}
}

func TestProgramWithMoreServersGetsPortsForThem(t *testing.T) {
	config := quick(t)
	t.Setenv(part, "memgraph")
	open(t, config)
	args := births(t, config, "memgraph-2", 1)[0].Args
	require.Contains(t, args, fmt.Sprintf("--monitoring-port=%d", config.MonitoringPort+2))
	require.Contains(t, args, fmt.Sprintf("--metrics-port=%d", config.MetricsPort+2))
	require.Contains(t, args, "--monitoring-address=127.0.0.1")
	require.Contains(t, args, "--metrics-address=127.0.0.1")
}

func TestDeathIsReportedAndTheInstanceComesBack(t *testing.T) {
	config := quick(t)
	config.RestartDelay, config.MaxRestartDelay = 300*time.Millisecond, time.Second
	fleet, log := open(t, config)
	before := births(t, config, "memgraph-1", 1)[0]
	await(t, fleet, func([]controller.Process) bool { return true }) // the starts
	require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
	await(t, fleet, func(list []controller.Process) bool { return list[1].Dead })
	await(t, fleet, func(list []controller.Process) bool { return !list[1].Dead })
	after := births(t, config, "memgraph-1", 2)[1]
	require.NotEqual(t, before.PID, after.PID)
	require.Contains(t, log.String(), `msg="instance ended" instance=memgraph-1 pid=`+strconv.Itoa(before.PID)+` result="signal: killed"`)
	births(t, config, "memgraph-0", 1)
	births(t, config, "memgraph-2", 1)
}

// await follows Changes until the list is as wanted.
func await(t *testing.T, fleet *Fleet, wanted func([]controller.Process) bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !wanted(fleet.List()) {
		select {
		case <-fleet.Changes():
		case <-limit:
			require.Fail(t, "no change was reported")
		}
	}
}

func TestLogTellsWhyADatabaseEnded(t *testing.T) {
	config := quick(t)
	config.Flags = []string{"--play-exit=3"}
	_, log := open(t, config)
	eventually(t, func() bool {
		return strings.Contains(log.String(), `level=WARN msg="instance ended" instance=memgraph-0`) &&
			strings.Contains(log.String(), `result="exit status 3"`) &&
			strings.Contains(log.String(), `last_words="no more room for nodes"`)
	})
}

func TestStoppedProcessIsFrozenUntilItGoesOnOrIsKilled(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	pid := births(t, config, "memgraph-0", 1)[0].PID
	require.NoError(t, fleet.Stop(t.Context(), "memgraph-0"))
	require.NoError(t, fleet.Stop(t.Context(), "memgraph-0"))
	eventually(t, func() bool { return processState(pid) == "T" })
	require.NoError(t, fleet.Cont(t.Context(), "memgraph-0"))
	require.NoError(t, fleet.Cont(t.Context(), "memgraph-0"))
	eventually(t, func() bool { return processState(pid) == "S" })
	require.NoError(t, fleet.Stop(t.Context(), "memgraph-0"))
	require.NoError(t, fleet.Kill(t.Context(), "memgraph-0"))
	require.False(t, runs(pid))
	births(t, config, "memgraph-0", 2)
}

func TestGracefulRestartLetsTheDatabaseFinish(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	births(t, config, "memgraph-0", 1)
	require.NoError(t, fleet.RestartGracefully(t.Context(), "memgraph-0"))
	require.FileExists(t, filepath.Join(config.Dir, "memgraph-0", "mercy"))
	again := births(t, config, "memgraph-0", 2)[1]
	require.Contains(t, again.Args, "--replication-restore-state-on-startup=true")
}

func TestRestartStartsWithoutReplicationState(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	births(t, config, "memgraph-0", 1)
	require.NoError(t, fleet.Restart(t.Context(), "memgraph-0"))
	require.Contains(t, births(t, config, "memgraph-0", 2)[1].Args, "--replication-restore-state-on-startup=false")
	require.NoFileExists(t, filepath.Join(config.Dir, "memgraph-0", "mercy"))
	require.NoError(t, fleet.Kill(t.Context(), "memgraph-0"))
	require.Contains(t, births(t, config, "memgraph-0", 3)[2].Args, "--replication-restore-state-on-startup=true")
}

func TestReseedKeepsTheOldDataAside(t *testing.T) {
	config := quick(t)
	fleet, log := open(t, config)
	home := filepath.Join(config.Dir, "memgraph-2")
	births(t, config, "memgraph-2", 1)
	for n := range 3 {
		require.NoError(t, fleet.Reseed(t.Context(), "memgraph-2", "Diverged: error 3!"))
		births(t, config, "memgraph-2", n+2)
	}
	kept, err := filepath.Glob(filepath.Join(home, "quarantine", "*Z-diverged-error-3*", "mark"))
	require.NoError(t, err)
	require.Len(t, kept, 3, "several in one second have names of their own")
	marks := map[string]bool{}
	for _, file := range append(kept, filepath.Join(home, "data", "mark")) {
		mark, err := os.ReadFile(file)
		require.NoError(t, err)
		marks[string(mark)] = true
	}
	require.Len(t, marks, 4, "each process wrote its own mark, so each started empty")
	require.Contains(t, log.String(), "copies=3")
	births(t, config, "memgraph-1", 1)
}

func TestReseedThatCannotMoveTheDataBringsThemBack(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	home := filepath.Join(config.Dir, "memgraph-0")
	births(t, config, "memgraph-0", 1)
	before, err := os.ReadFile(filepath.Join(home, "data", "mark"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "quarantine"), nil, 0o644))
	require.ErrorContains(t, fleet.Reseed(t.Context(), "memgraph-0", "diverged"), "reseed memgraph-0: ")
	births(t, config, "memgraph-0", 2)
	after, err := os.ReadFile(filepath.Join(home, "data", "mark"))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestReseedOfAnInstanceWithoutDataJustStartsIt(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	births(t, config, "memgraph-0", 1)
	require.NoError(t, os.RemoveAll(filepath.Join(config.Dir, "memgraph-0", "data")))
	require.NoError(t, fleet.Reseed(t.Context(), "memgraph-0", "diverged"))
	births(t, config, "memgraph-0", 2)
	require.NoDirExists(t, filepath.Join(config.Dir, "memgraph-0", "quarantine"))
}

func TestCloseLeavesNoProcess(t *testing.T) {
	config := quick(t)
	fleet, _ := open(t, config)
	var pids []int
	for _, p := range fleet.List() {
		pids = append(pids, births(t, config, p.Name, 1)[0].PID)
	}
	require.NoError(t, fleet.Stop(t.Context(), "memgraph-0"))
	fleet.Close(t.Context())
	fleet.Close(t.Context())
	for _, pid := range pids {
		require.False(t, runs(pid))
	}
	require.FileExists(t, filepath.Join(config.Dir, "memgraph-0", "mercy"), "a stopped one ends with mercy too")
	require.ErrorIs(t, fleet.Kill(t.Context(), "memgraph-1"), errClosed)
	for _, p := range fleet.List() {
		require.True(t, p.Dead)
	}
	again, _ := open(t, config)
	again.Close(t.Context())
}

func TestCloseKillsWhatDoesNotEndWhenItsContextEnds(t *testing.T) {
	config := quick(t)
	config.Flags = []string{"--play-stubborn"}
	config.Grace = time.Hour
	fleet, _ := open(t, config)
	pid := births(t, config, "memgraph-0", 1)[0].PID
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	fleet.Close(ctx)
	require.False(t, runs(pid))
}

func TestUnknownInstanceIsNamedWithThoseThereAre(t *testing.T) {
	fleet, _ := open(t, quick(t))
	for verb, order := range map[string]func(context.Context, string) error{
		"kill": fleet.Kill, "stop": fleet.Stop, "restart": fleet.RestartGracefully,
	} {
		err := order(t.Context(), "memgraph-7")
		require.ErrorContains(t, err, verb+" memgraph-7")
		require.ErrorContains(t, err, "there are memgraph-0, memgraph-1, memgraph-2")
	}
}

func TestTakenPortIsNamedWithItsHolderAndTheFlag(t *testing.T) {
	config := quick(t)
	for _, number := range []int{config.BoltPort + 1, config.ReplicationPort} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number)))
		require.NoError(t, err)
		defer listener.Close()
	}
	_, err := OpenFleet(t.Context(), config, (&journal{}).logger())
	holder := describe(os.Getpid())
	require.ErrorContains(t, err, fmt.Sprintf("port %d (bolt of memgraph-1) is taken by %s; end that or choose another --bolt-port", config.BoltPort+1, holder))
	require.ErrorContains(t, err, fmt.Sprintf("port %d (replication of memgraph-0) is taken by %s; end that or choose another --replication-port", config.ReplicationPort, holder))
	require.NoDirExists(t, filepath.Join(config.Dir, "memgraph-0"), "nothing was started")
}

func TestImpossibleSettingsAreRefusedBeforeAnythingStarts(t *testing.T) {
	script := filepath.Join(t.TempDir(), "not-a-program")
	require.NoError(t, os.WriteFile(script, []byte("garbage"), 0o755))
	for name, c := range map[string]struct {
		spoil func(*Config)
		says  string
	}{
		"no directory":         {func(c *Config) { c.Dir = "" }, "--data-dir"},
		"file as directory":    {func(c *Config) { c.Dir = c.Binary }, "data directory: mkdir "},
		"no program":           {func(c *Config) { c.Binary = "" }, "--memgraph"},
		"missing program":      {func(c *Config) { c.Binary = "/nowhere/memgraph" }, "/nowhere/memgraph"},
		"directory as program": {func(c *Config) { c.Binary = c.Dir }, "database program: "},
		"garbage as program":   {func(c *Config) { c.Binary = script }, "cannot be run"},
		"no instances":         {func(c *Config) { c.Instances = 0 }, "--instances"},
		"no snapshots":         {func(c *Config) { c.SnapshotInterval = 0 }, "snapshot interval"},
		"never to the disk":    {func(c *Config) { c.FlushEvery = 0 }, "disk every 0"},
		"no restart delay":     {func(c *Config) { c.RestartDelay = 0 }, "restart delays"},
		"port too high":        {func(c *Config) { c.BoltPort = 65534 }, "--bolt-port 65534: 3 instances need ports between"},
		"port zero":            {func(c *Config) { c.ReplicationPort = 0 }, "--replication-port 0"},
		"same port for two":    {func(c *Config) { c.ReplicationPort = c.BoltPort + 2 }, "would serve both as bolt of memgraph-2 and as replication of memgraph-0; choose another --replication-port"},
	} {
		t.Run(name, func(t *testing.T) {
			config := quick(t)
			c.spoil(&config)
			_, err := OpenFleet(t.Context(), config, (&journal{}).logger())
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestSecondControllerOnTheSameDirectoryIsRefused(t *testing.T) {
	config := quick(t)
	open(t, config)
	_, err := OpenFleet(t.Context(), config, (&journal{}).logger())
	require.ErrorContains(t, err, config.Dir+" is in use")
	require.ErrorContains(t, err, describe(os.Getpid()))
	require.ErrorContains(t, err, "--data-dir")
}

func TestProcessOfAnEarlierRunIsNamedAndNotDisturbed(t *testing.T) {
	config := quick(t)
	leftover := exec.Command(config.Binary, "--data-directory="+filepath.Join(config.Dir, "memgraph-1", "data"))
	require.NoError(t, leftover.Start())
	defer func() {
		require.NoError(t, leftover.Process.Kill())
		_ = leftover.Wait()
	}()
	births(t, config, "memgraph-1", 1)
	_, err := OpenFleet(t.Context(), config, (&journal{}).logger())
	require.ErrorContains(t, err, fmt.Sprintf("memgraph-1 of an earlier run is still there: process %d", leftover.Process.Pid))
	require.ErrorContains(t, err, fmt.Sprintf("kill -9 %d", leftover.Process.Pid))
	require.True(t, runs(leftover.Process.Pid))
}

func TestNoProcessSurvivesAKilledController(t *testing.T) {
	config := quick(t)
	encoded, err := json.Marshal(config)
	require.NoError(t, err)
	t.Setenv(part, "controller")
	parent := exec.Command(config.Binary, string(encoded))
	parent.Stderr = os.Stderr
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	var pids []int
	for n := range config.Instances {
		pids = append(pids, births(t, config, instanceName(n), 1)[0].PID)
	}
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGSTOP))
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	for _, pid := range pids {
		eventually(t, func() bool { return !runs(pid) })
	}
}

func TestTerminalSignalsDoNotReachTheInstances(t *testing.T) {
	config := quick(t)
	open(t, config)
	pid := births(t, config, "memgraph-0", 1)[0].PID
	session, err := unix.Getsid(pid)
	require.NoError(t, err)
	require.Equal(t, pid, session)
}

func TestDatabaseBehindAWrapperSharesItsFate(t *testing.T) {
	config := quick(t)
	wrapper := filepath.Join(t.TempDir(), "wrapper")
	script := fmt.Sprintf("#!/bin/sh\n'%s' \"$@\"\nexit $?\n", config.Binary)
	require.NoError(t, os.WriteFile(wrapper, []byte(script), 0o755))
	config.Binary = wrapper
	fleet, _ := open(t, config)
	pid := births(t, config, "memgraph-0", 1)[0].PID
	shell, err := strconv.Atoi(strings.Split(fleet.List()[0].ID, "-")[0])
	require.NoError(t, err)
	require.NotEqual(t, pid, shell)
	require.NoError(t, fleet.Stop(t.Context(), "memgraph-0"))
	eventually(t, func() bool { return processState(pid) == "T" })
	require.NoError(t, syscall.Kill(shell, syscall.SIGKILL))
	eventually(t, func() bool { return !runs(pid) })
	pid = births(t, config, "memgraph-0", 2)[1].PID
	require.NoError(t, fleet.Kill(t.Context(), "memgraph-0"))
	eventually(t, func() bool { return !runs(pid) })
}

func TestLogIsBoundedAtEachStart(t *testing.T) {
	config := quick(t)
	home := filepath.Join(config.Dir, "memgraph-0")
	require.NoError(t, os.MkdirAll(home, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(home, "log"), []byte("old"), 0o644))
	require.NoError(t, os.Truncate(filepath.Join(home, "log"), outputLimit+1))
	config.Flags = []string{"--play-exit=3"}
	_, log := open(t, config)
	eventually(t, func() bool { return strings.Contains(log.String(), "no more room") })
	older, err := os.Stat(filepath.Join(home, "log.1"))
	require.NoError(t, err)
	require.EqualValues(t, outputLimit+1, older.Size())
	newer, err := os.Stat(filepath.Join(home, "log"))
	require.NoError(t, err)
	require.Less(t, newer.Size(), int64(1<<20))
}

func TestInstanceThatIsNoLongerRunIsMentioned(t *testing.T) {
	config := quick(t)
	data := filepath.Join(config.Dir, "memgraph-4", "data")
	require.NoError(t, os.MkdirAll(data, 0o755))
	_, log := open(t, config)
	require.Contains(t, log.String(), "instance=memgraph-4 path="+data)
	require.NotContains(t, log.String(), "instance=memgraph-0 path=")
}

func TestProgramThatDoesNotAnswerHelpIsRefused(t *testing.T) {
	deaf := filepath.Join(t.TempDir(), "deaf")
	require.NoError(t, os.WriteFile(deaf, []byte("#!/bin/sh\nexec sleep 60\n"), 0o755))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := probe(ctx, deaf)
	require.ErrorContains(t, err, "deaf does not answer --help")
}

func TestHelpIsReadInBoundedMemory(t *testing.T) {
	chatty := filepath.Join(t.TempDir(), "chatty")
	require.NoError(t, os.WriteFile(chatty, []byte("#!/bin/sh\necho ' --monitoring-port'\nhead -c 3000000 /dev/zero\necho ' --metrics-port'\n"), 0o755))
	p, err := probe(t.Context(), chatty)
	require.NoError(t, err)
	require.Equal(t, helpSize, len(p.help))
	require.True(t, p.knows("monitoring-port"))
	require.False(t, p.knows("metrics-port"))
}

func FuzzListening(f *testing.F) {
	f.Add("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000 100 0 0 10 0", 8080)
	f.Add("   1: 0100007F:1F90 0100007F:8C3E 01 00000000:00000000 00:00000000 00000000     0        0 4243 1", 8080)
	f.Add("  sl  local_address rem_address   st", 1)
	f.Fuzz(func(t *testing.T, line string, port int) {
		inode, ok := listening(line, port)
		if ok {
			require.NotEmpty(t, inode)
			require.Contains(t, line, " 0A ")
		}
	})
}
