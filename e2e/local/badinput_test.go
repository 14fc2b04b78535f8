package local

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each of these is held against both gateways and the stand-in behind them while
// clients work; none of them may notice.
func TestBadClientsDisturbNobody(t *testing.T) {
	idle := rounds(t, 5000, 500)
	c := Start(t, programs)
	load := work(t, c)
	var open []net.Conn
	t.Cleanup(func() {
		for _, conn := range open {
			_ = conn.Close()
		}
	})
	dial := func(address string) net.Conn {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		open = append(open, conn)
		return conn
	}
	garbage := make([]byte, 64<<10)
	_, _ = rand.Read(garbage)
	for _, address := range []string{c.Write, c.Read} {
		for range idle / 2 {
			dial(address)
		}
		for range 20 {
			_, _ = dial(address).Write(garbage)                              // random bytes
			_, _ = dial(address).Write([]byte{0x60, 0x60, 0xb0})             // half a handshake
			_, _ = dial(address).Write(append(handshake(), 0x7f, 0xff, 'x')) // a chunk that never ends
		}
	}
	acknowledged(t, c, load, 200)
	history := nothingLost(t, c, load)
	noErrors(t, history)
}

// handshake proposes Bolt 5.2.
func handshake() []byte {
	return []byte{0x60, 0x60, 0xb0, 0x17, 0, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
}

// A record that cannot be understood decides nothing and loses nothing: the
// gateways hold, the file stays as it is, and after it was mended all goes on.
func TestBadRecordStopsDecisionsAndNothingElse(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	load := work(t, c)
	history := load.Stop()
	c.Stop()
	path := filepath.Join(c.dir, "data", "record.json")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"corrupt":         "\x00\x01\x02",
		"truncated":       string(good[:len(good)/2]),
		"from the future": strings.Replace(string(good), `"format": 1`, `"format": 99`, 1),
	} {
		require.NotEqual(t, string(good), bad, name)
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		c.Run()
		c.Eventually("the API is served all the same and names the "+name+" record", 10*time.Second, func() bool {
			checks, ok, err := c.API.Ready(context.Background())
			return err == nil && !ok && strings.Contains(checks, path)
		})
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, bad, string(kept), "the %s record was overwritten", name)
		c.Stop()
	}
	require.NoError(t, os.WriteFile(path, good, 0o600))
	c.Run()
	everywhere(t, c, history)
}

// One gateway that cannot listen leaves the other alone, says why, and starts
// when it can.
func TestTakenGatewayPortLeavesTheOtherGatewayAlone(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	for _, one := range []struct{ down, address, up, serves, statement string }{
		{"ro", c.Read, "rw", c.Write, "CREATE (:W {id: 1})"},
		{"rw", c.Write, "ro", c.Read, "MATCH (n) RETURN count(n)"},
	} {
		c.Stop()
		taken, err := net.Listen("tcp", one.address)
		require.NoError(t, err)
		c.Run()
		c.Eventually("gateway "+one.up+" serves", wholeWithin, func() bool {
			return query(context.Background(), one.serves, one.statement) == nil
		})
		ready, ok, err := c.API.Ready(context.Background())
		require.NoError(t, err)
		require.False(t, ok)
		require.Contains(t, ready, "[+]gateway-"+one.up+" ok")
		require.Regexp(t, `\[-\]gateway-`+one.down+` failed: .*`+regexp.QuoteMeta(one.address), ready, "the check names the address that is taken")
		metrics := c.Metrics()
		require.Contains(t, metrics, `memgraph_controller_gateway_running{gateway="`+one.down+`"} 0`)
		require.Contains(t, metrics, `memgraph_controller_gateway_running{gateway="`+one.up+`"} 1`)
		require.NoError(t, taken.Close())
		c.Whole()
		c.Eventually("it is ready", wholeWithin, func() bool {
			_, ok, err := c.API.Ready(context.Background())
			return err == nil && ok
		})
	}
}

func TestBadCommandLineSaysWhatIsWrong(t *testing.T) {
	rounds(t, 1, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":       {[]string{"local", "--no-such-flag"}, "--no-such-flag"},
		"unknown subcommand": {[]string{"promote"}, "promote"},
		"unknown instance":   {[]string{"local", "kill", "x", "--server", "127.0.0.1:1"}, "127.0.0.1:1"},
		"no such database":   {[]string{"local", "--memgraph", "/no/such/memgraph", "--data-dir", dir}, "/no/such/memgraph"},
		"a port is taken":    {[]string{"local", "--memgraph", programs.Database, "--data-dir", dir, "--bolt-port", port}, port},
	} {
		out, err := exec.Command(programs.Controller, c.args...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, name)
		require.NotZero(t, exit.ExitCode(), name)
		require.Contains(t, string(out), c.says, name)
		require.NotContains(t, string(out), "panic", name)
	}
}
