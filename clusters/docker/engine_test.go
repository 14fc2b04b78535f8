package docker_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/docker"
	"memgraph-controller/clusters/host"
	"memgraph-controller/clusters/progress"
)

// machine is a host in a folder on which an engine is as the test wants it.
type machine struct {
	*docker.Engine
	environment map[string]string
	installed   bool
	running     bool
	broken      bool  // a started daemon never answers
	refusal     error // what the client says while nothing runs
	ran         []string
	said        strings.Builder
}

func newMachine(t *testing.T) *machine {
	m := &machine{environment: map[string]string{}, refusal: errors.New("cannot connect to the Docker daemon")}
	log := progress.To(&m.said)
	h := &host.Host{Root: t.TempDir(), Run: m, Progress: log, LookPath: m.lookPath,
		Getenv: func(name string) string { return m.environment[name] }}
	m.Engine = &docker.Engine{Host: h, Run: m, Progress: log,
		Runtime: func(context.Context) (string, error) { return "/runtime", nil }}
	m.write(t, "/etc/os-release", "ID=debian")
	m.write(t, "/usr/sbin/invoke-rc.d", "")
	m.write(t, "/proc/self/status", "CapBnd:\t000001ffffffffff\n")
	return m
}

func (m *machine) write(t *testing.T, path, text string) {
	t.Helper()
	path = m.Host.Path(path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func (m *machine) lookPath(name string) (string, error) {
	if m.installed {
		return "/usr/bin/" + name, nil
	}
	return "", exec.ErrNotFound
}

func (m *machine) Run(_ context.Context, c command.Command) (string, error) {
	line := c.String()
	if strings.HasPrefix(line, "docker version") {
		if m.running {
			return "20.10.24\n", nil
		}
		return "", m.refusal
	}
	m.ran = append(m.ran, line)
	switch {
	case strings.Contains(line, "install"):
		m.installed = true
	case line == "systemctl start docker":
		m.running = !m.broken
	}
	return "", nil
}

func (m *machine) Start(c command.Command, log string) (int, error) {
	m.ran = append(m.ran, c.String())
	m.running = !m.broken
	return 4711, os.WriteFile(m.Host.Path("/daemon.log"), []byte(log), 0o644)
}

func TestARunningEngineIsUsedAsItIs(t *testing.T) {
	m := newMachine(t)
	m.running = true
	require.NoError(t, m.Ensure(t.Context()))
	require.Empty(t, m.ran)
	require.Contains(t, m.said.String(), "docker engine 20.10.24")
}

func TestOnABareMachineTheEngineIsInstalledAndStarted(t *testing.T) {
	m := newMachine(t)
	m.environment["CI"] = "true"
	require.NoError(t, m.Ensure(t.Context()))
	require.Len(t, m.ran, 3)
	require.Contains(t, m.ran[1], "docker.io containerd runc iptables")
	require.Equal(t, "dockerd", m.ran[2])
	require.Contains(t, m.said.String(), "kill 4711 ends it")

	require.NoError(t, m.Ensure(t.Context()))
	require.Len(t, m.ran, 3, "the second time it only looks")
}

func TestWhereTheCapabilityIsWithheldDockerGetsTheRuntime(t *testing.T) {
	m := newMachine(t)
	m.installed = true
	m.write(t, "/proc/self/status", "CapBnd:\t000001fffeffffff\n")
	require.NoError(t, m.Ensure(t.Context()))
	require.Equal(t, []string{"dockerd --add-runtime runc-without-sys-resource=/runtime --default-runtime runc-without-sys-resource"}, m.ran)
}

func TestSystemdStartsTheEngineWhereItRuns(t *testing.T) {
	m := newMachine(t)
	m.installed = true
	require.NoError(t, os.MkdirAll(m.Host.Path("/run/systemd/system"), 0o755))
	require.NoError(t, m.Ensure(t.Context()))
	require.Equal(t, []string{"systemctl start docker"}, m.ran)
	require.NotContains(t, m.said.String(), "kill", "systemd's engine is not ours to stop")
}

func TestWhatToDoAboutAMissingEngine(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*machine)
		says   []string
	}{
		"not installed": {func(*machine) {},
			[]string{"none is installed", "docs.docker.com", "DOCKER_INSTALL=1"}},
		"not running, not root": {func(m *machine) { m.installed, m.Host.UID = true, 1000 },
			[]string{"start it", "sudo systemctl start docker"}},
		"no permission": {func(m *machine) { m.refusal = errors.New("permission denied while trying to connect") },
			[]string{"usermod -aG docker"}},
		"elsewhere": {func(m *machine) { m.environment["DOCKER_HOST"] = "tcp://10.0.0.1:2375"; m.environment["CI"] = "true" },
			[]string{"DOCKER_HOST=tcp://10.0.0.1:2375", "unset DOCKER_HOST"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			c.change(m)
			err := m.Ensure(t.Context())
			for _, words := range c.says {
				require.ErrorContains(t, err, words)
			}
			require.Empty(t, m.ran, "nothing was changed")
		})
	}
}

func TestADaemonThatNeverAnswersIsToldWithItsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.installed, m.broken = true, true
		m.write(t, "/var/log/memgraph-controller/dockerd.log", "failed to start: no space left\n")
		err := m.Ensure(t.Context())
		require.ErrorContains(t, err, "was started and does not answer")
		require.ErrorContains(t, err, "no space left")
	})
}
