package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Memgraph's image: its ports, and where its data are. The folder of the data is
// made by the program, in the one that belongs to its user.
const (
	boltPort        = 7687
	replicationPort = 10000
	library         = "/var/lib/memgraph"
)

// sandbox is the network of a container, which outlasts it, as that of a pod does:
// while the program does not run, connections to it are refused. The others find it
// by its name.
type sandbox struct {
	network string
	name    string
	bolt    string // on this machine, for clients
}

// sandbox makes one on a network, with options of the engine.
func (e *engine) sandbox(t *testing.T, network string, options ...string) *sandbox {
	t.Helper()
	s := &sandbox{network: network, name: e.next("sandbox")}
	arguments := []string{
		"run", "--detach", "--name", s.name, "--network", network,
		"--publish", fmt.Sprintf("127.0.0.1::%d", boltPort),
		"--dns-opt", "timeout:1", "--dns-opt", "attempts:1", // there may be nobody to ask for a name
	}
	_, err := docker(append(append(arguments, options...), e.holder)...)
	require.NoError(t, err)
	s.bolt, err = docker("port", s.name, fmt.Sprint(boltPort))
	require.NoError(t, err)
	return s
}

// address is the sandbox's on its network.
func (s *sandbox) address(t *testing.T) string {
	t.Helper()
	address, err := docker("container", "inspect", "--format",
		"{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", s.name)
	require.NoError(t, err)
	return address
}

// cutOff takes it off the network: what is sent to it is lost without an answer.
func (s *sandbox) cutOff(t *testing.T) {
	t.Helper()
	_, err := docker("network", "disconnect", s.network, s.name)
	require.NoError(t, err)
	t.Logf("%s is cut off", s.name)
}

func (s *sandbox) reconnect(t *testing.T) {
	t.Helper()
	_, err := docker("network", "connect", s.network, s.name)
	require.NoError(t, err)
	t.Logf("%s is connected", s.name)
}

// container is the place of a container: a sandbox and a volume.
type container struct {
	*engine
	sandbox      *sandbox
	name, volume string
	at           string // where the volume is
}

func (c *container) bolt() string               { return c.sandbox.bolt }
func (c *container) boltPort() int              { return boltPort }
func (c *container) replication() (string, int) { return c.sandbox.name, replicationPort }

// launch runs the engine's client in the foreground: it ends with the container,
// with the same exit code, when that is removed.
func (c *container) launch(flags ...string) (*life, error) {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command("docker", append([]string{
		"run", "--rm", "--name", c.name, "--network", "container:" + c.sandbox.name,
		"--volume", c.volume + ":" + c.at, c.image, "--data-directory=" + c.at + "/data",
	}, flags...)...)
	command.Stdout, command.Stderr = log, log
	l, err := live(command)
	if err != nil {
		return nil, err
	}
	return l, c.appear(l)
}

// appear waits until the engine runs the container, which can be signalled then.
func (c *container) appear(l *life) error {
	for deadline := time.Now().Add(engineTime); !l.over(); time.Sleep(5 * pause) {
		if running, err := c.inspect("{{.State.Running}}"); err == nil && running == "true" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("container %s does not start", c.name)
		}
	}
	return nil
}

// inspect asks the engine about the container.
func (c *container) inspect(format string) (string, error) {
	return docker("container", "inspect", "--format", format, c.name)
}

func (c *container) signal(s syscall.Signal) error {
	_, err := docker("kill", "--signal", fmt.Sprint(int(s)), c.name)
	return err
}

func (c *container) wipe() error {
	_, err := docker("volume", "rm", c.volume)
	return err
}

func (c *container) twin(t *testing.T) place {
	t.Helper()
	twin := c.place(t, "twin").(*container)
	twin.volume = c.volume
	return twin
}

func (c *container) logFile() string { return filepath.Join(c.folder, c.name+".log") }
func (c *container) log() string     { return lastLines(c.logFile()) }

// remove removes what is there of it.
func (c *container) remove() error {
	if _, err := docker("container", "rm", "--force", "--volumes", c.name); err != nil && !absent(err) {
		return err
	}
	if _, err := docker("volume", "rm", c.volume); err != nil && !absent(err) && !strings.Contains(err.Error(), "in use") {
		return err
	}
	return nil
}

// absent tells whether the engine failed because there is no such thing any more.
func absent(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "no such") || strings.Contains(text, "already in progress")
}
