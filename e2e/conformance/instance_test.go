package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait of the suite; it is far above what is ever needed.
const patience = 20 * time.Second

// pause is between two looks at something that is waited for.
const pause = 10 * time.Millisecond

// instance is one database: a place, and a life while it is started.
type instance struct {
	place
	t      *testing.T
	name   string
	flags  []string
	life   *life
	driver neo4j.DriverWithContext
	known  version
}

func newInstance(t *testing.T, name string, flags ...string) *instance {
	t.Helper()
	return instanceAt(t, instances.get(t).place(t, name), name, flags...)
}

func instanceAt(t *testing.T, at place, name string, flags ...string) *instance {
	t.Helper()
	i := &instance{place: at, t: t, name: name, flags: flags}
	i.driver = i.open(neo4j.NoAuth())
	t.Cleanup(func() {
		if i.life != nil {
			_ = i.signal(syscall.SIGKILL) // it may have ended, or is not ours
		}
		if _, theirs := at.(*guest); !theirs && i.life != nil {
			<-i.life.ended
		}
		if text := i.log(); t.Failed() && text != "" {
			t.Logf("log of %s:\n%s", i.name, text)
		}
	})
	return i
}

// open returns a driver for i that closes with the test.
func (i *instance) open(auth neo4j.AuthToken) neo4j.DriverWithContext {
	driver, err := newDriver(i.bolt(), auth)
	require.NoError(i.t, err)
	i.t.Cleanup(func() { _ = driver.Close(context.Background()) })
	return driver
}

func newDriver(bolt string, auth neo4j.AuthToken) (neo4j.DriverWithContext, error) {
	return neo4j.NewDriverWithContext("bolt://"+bolt, auth, func(c *config.Config) {
		c.ConnectionLivenessCheckTimeout = 0 // its process may have been another one
		c.TelemetryDisabled = true
	})
}

// address is what a main is told to register.
func (i *instance) address() string {
	host, port := i.replication()
	return fmt.Sprintf("%s:%d", host, port)
}

// usual are the flags of every instance; the stand-in knows them too.
func usual() []string {
	flags := []string{
		"--storage-wal-enabled=true", "--storage-snapshot-on-exit=false", "--telemetry-enabled=false",
		"--log-level=WARNING", "--also-log-to-stderr=true", "--log-file=",
	}
	return append(flags, strings.Fields(os.Getenv("MEMGRAPH_FLAGS"))...)
}

// start starts it, with more flags if there are any, and waits until it answers.
func (i *instance) start(flags ...string) {
	i.t.Helper()
	i.launch(flags...)
	i.answers()
}

// answers waits until it does.
func (i *instance) answers() {
	i.t.Helper()
	require.Eventually(i.t, func() bool {
		_, err := i.try("SHOW REPLICATION ROLE")
		return err == nil || i.life.over()
	}, 3*patience, pause/2, "%s does not answer", i.name)
	require.False(i.t, i.life.over(), "%s ended when it was started", i.name)
	results.learns(i)
}

// launch starts it and does not wait until it answers.
func (i *instance) launch(flags ...string) {
	i.t.Helper()
	var given []string
	if _, theirs := i.place.(*guest); !theirs {
		given = append(append(given, usual()...), i.flags...)
	}
	var err error
	i.life, err = i.place.launch(append(given, flags...)...)
	require.NoError(i.t, err, "start %s", i.name)
	i.t.Logf("%s started", i.name)
}

// runs tells whether it was started and nobody has ended it.
func (i *instance) runs() bool { return i.life != nil }

// kill is kill -9.
func (i *instance) kill() {
	i.t.Helper()
	i.send(syscall.SIGKILL)
	i.ends(patience)
}

// terminate is SIGTERM, and waits for the end.
func (i *instance) terminate() {
	i.t.Helper()
	i.send(syscall.SIGTERM)
	i.ends(patience)
}

// ends waits for its end, which has been caused already.
func (i *instance) ends(within time.Duration) {
	i.t.Helper()
	select {
	case <-i.life.ended:
	case <-time.After(within):
		require.Fail(i.t, "it does not end", i.name)
	}
	i.life = nil
}

func (i *instance) stop() { i.t.Helper(); i.send(syscall.SIGSTOP) }
func (i *instance) cont() { i.t.Helper(); i.send(syscall.SIGCONT) }

func (i *instance) send(s syscall.Signal) {
	i.t.Helper()
	i.t.Logf("%s to %s", s, i.name)
	if err := i.signal(s); err != nil {
		require.True(i.t, i.life.over(), "%s to %s: %v", s, i.name, err) // it may have ended by itself
	}
}

// restart kills it and starts it again.
func (i *instance) restart(flags ...string) {
	i.t.Helper()
	i.kill()
	i.start(flags...)
}

// wipe kills it and starts it again without its data.
func (i *instance) wipe() {
	i.t.Helper()
	i.kill()
	require.NoError(i.t, i.place.wipe())
	i.start()
}
