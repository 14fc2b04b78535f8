package host_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/host"
	"memgraph-controller/clusters/progress"
)

// machine is a host in a folder, with root's powers, and what happened to it.
type machine struct {
	*host.Host
	environment map[string]string
	programs    map[string]bool
	ran         []string
	fail        map[string]error // by prefix of the command
	said        strings.Builder
}

func newMachine(t *testing.T) *machine {
	m := &machine{environment: map[string]string{"CI": "true"}, programs: map[string]bool{}, fail: map[string]error{}}
	m.Host = &host.Host{
		Root: t.TempDir(), UID: 0, Run: m, Progress: progress.To(&m.said),
		Getenv: func(name string) string { return m.environment[name] },
		LookPath: func(name string) (string, error) {
			if m.programs[name] {
				return "/usr/bin/" + name, nil
			}
			return "", exec.ErrNotFound
		},
	}
	m.write(t, "/etc/os-release", "NAME=Debian\nID=debian\n")
	m.write(t, "/usr/sbin/invoke-rc.d", "")
	return m
}

func (m *machine) write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(m.Path(path)), 0o755))
	require.NoError(t, os.WriteFile(m.Path(path), []byte(text), 0o644))
}

func (m *machine) Run(_ context.Context, c command.Command) (string, error) {
	m.ran = append(m.ran, strings.ReplaceAll(c.String(), "-o DPkg::Lock::Timeout=120 ", ""))
	for prefix, err := range m.fail {
		if strings.HasPrefix(m.ran[len(m.ran)-1], prefix) {
			return "", err
		}
	}
	return "", nil
}

func TestPackagesAreInstalledOnlyWhereTheMachineMayBeChanged(t *testing.T) {
	for name, c := range map[string]struct {
		release     string
		environment map[string]string
		uid         int
		says        string // empty: they may
	}{
		"CI":                {"ID=debian", map[string]string{"CI": "true"}, 0, ""},
		"asked for":         {"ID=debian", map[string]string{"DOCKER_INSTALL": "1"}, 0, ""},
		"Ubuntu":            {"ID=ubuntu", map[string]string{"CI": "true"}, 0, ""},
		"a relative":        {"ID=linuxmint\nID_LIKE=\"ubuntu debian\"", map[string]string{"CI": "true"}, 0, ""},
		"another system":    {"ID=fedora", map[string]string{"CI": "true"}, 0, "on Debian and Ubuntu only"},
		"nobody asked":      {"ID=debian", nil, 0, "set DOCKER_INSTALL=1"},
		"asked not to":      {"ID=debian", map[string]string{"DOCKER_INSTALL": "0"}, 0, "set DOCKER_INSTALL=1"},
		"no administrator":  {"ID=debian", map[string]string{"CI": "true"}, 1000, "by root only"},
		"no file of a name": {"", map[string]string{"CI": "true"}, 0, "on Debian and Ubuntu only"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.write(t, "/etc/os-release", c.release)
			m.environment, m.UID = c.environment, c.uid
			if c.says == "" {
				require.NoError(t, m.MayInstall())
				return
			}
			require.ErrorContains(t, m.MayInstall(), c.says)
		})
	}
}

func TestNeedInstallsOnlyWhatIsMissing(t *testing.T) {
	m := newMachine(t)
	m.programs["tar"] = true
	require.NoError(t, m.Need(t.Context(), map[string]string{"tar": "tar"}))
	require.Empty(t, m.ran)
	require.NoError(t, m.Need(t.Context(), map[string]string{"tar": "tar", "debootstrap": "debootstrap"}))
	require.Equal(t, []string{"apt-get update -q", "apt-get install -qy --no-install-recommends debootstrap"}, m.ran)
}

func TestNeedNamesProgramAndPackageWhereItMayNotInstall(t *testing.T) {
	m := newMachine(t)
	m.environment = nil
	err := m.Need(t.Context(), map[string]string{"gpgv": "gpgv", "debootstrap": "debootstrap"})
	require.EqualError(t, err, "debootstrap, gpgv not found: install the package debootstrap, gpgv; "+
		"set DOCKER_INSTALL=1 to have missing packages installed by apt-get")
	require.Empty(t, m.ran)
}

func TestInstallTellsWhyTheListsAreStaleOnlyWhenItFails(t *testing.T) {
	m := newMachine(t)
	m.fail["apt-get update"] = errors.New("no route to mirror")
	require.NoError(t, m.Install(t.Context(), "runc"))
	m.fail["apt-get install"] = errors.New("unable to locate package")
	err := m.Install(t.Context(), "runc")
	require.ErrorContains(t, err, "install runc: unable to locate package")
	require.ErrorContains(t, err, "no route to mirror")
}

func TestServicesDoNotStartWhileTheirPackagesAreInstalled(t *testing.T) {
	m := newMachine(t)
	policy := m.Path("/usr/sbin/policy-rc.d")
	during := ""
	m.Host.Run = runFunc(func() {
		text, err := os.ReadFile(policy)
		require.NoError(t, err)
		during = string(text)
	})
	require.NoError(t, m.Install(t.Context(), "docker.io"))
	require.Contains(t, during, "exit 101")
	require.NoFileExists(t, policy)

	m.write(t, "/usr/sbin/policy-rc.d", "a policy of the machine's own")
	require.NoError(t, m.Install(t.Context(), "docker.io"))
	require.Equal(t, "a policy of the machine's own", during)
	require.FileExists(t, policy)
}

type runFunc func()

func (f runFunc) Run(context.Context, command.Command) (string, error) {
	f()
	return "", nil
}

func TestLimitsAreRaisedAndNeverLowered(t *testing.T) {
	m := newMachine(t)
	m.write(t, "/proc/sys/fs/inotify/max_user_instances", "128\n")
	m.write(t, "/proc/sys/fs/inotify/max_user_watches", "999999\n")
	m.RaiseLimits()
	instances, err := os.ReadFile(m.Path("/proc/sys/fs/inotify/max_user_instances"))
	require.NoError(t, err)
	require.Equal(t, "512", string(instances))
	watches, err := os.ReadFile(m.Path("/proc/sys/fs/inotify/max_user_watches"))
	require.NoError(t, err)
	require.Equal(t, "999999\n", string(watches))
	require.Empty(t, m.said.String())
}

func TestALimitThatCannotBeRaisedIsTold(t *testing.T) {
	m := newMachine(t)
	require.NoError(t, os.MkdirAll(m.Path("/proc/sys/net/ipv4/ip_forward"), 0o755)) // a folder cannot be written
	m.RaiseLimits()
	require.Empty(t, m.said.String(), "a setting that cannot be read is none")

	if os.Getuid() == 0 {
		t.Skip("root may write any file")
	}
	m.write(t, "/proc/sys/fs/inotify/max_user_instances", "128")
	require.NoError(t, os.Chmod(m.Path("/proc/sys/fs/inotify/max_user_instances"), 0o444))
	m.RaiseLimits()
	require.Contains(t, m.said.String(), "sysctl -w fs.inotify.max_user_instances=512")
}

func TestTheBoundingSetTellsWhetherSysResourceIsWithheld(t *testing.T) {
	m := newMachine(t)
	for bounding, withheld := range map[string]bool{"000001fffeffffff": true, "000001ffffffffff": false} {
		m.write(t, "/proc/self/status", "Name:\tcluster\nCapBnd:\t"+bounding+"\n")
		got, err := m.WithholdsSysResource()
		require.NoError(t, err)
		require.Equal(t, withheld, got, bounding)
	}
	m.write(t, "/proc/self/status", "CapBnd:\tall of them\n")
	_, err := m.WithholdsSysResource()
	require.Error(t, err)
}
