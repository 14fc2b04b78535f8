package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// roles are what this test program can be when a test runs it as a process of
// its own. Each talks to the test over its standard input and output.
var roles = map[string]func(in *bufio.Scanner){"crowd": crowd, "gateway": remoteGateway}

// roleVariable names the role in the environment.
const roleVariable = "GATEWAY_TEST_ROLE"

// process is a running role.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// spawn runs this test program in a role, until the test ends.
func spawn(t testing.TB, role string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &process{Cmd: cmd, in: in, out: bufio.NewScanner(out)}
}

func (p *process) say(t testing.TB, line ...any) {
	t.Helper()
	_, err := fmt.Fprintln(p.in, line...)
	require.NoError(t, err)
}

func (p *process) hear(t testing.TB) string {
	t.Helper()
	require.True(t, p.out.Scan(), "the %s has ended", roleVariable)
	return p.out.Text()
}

// crowd is an echoing upstream and a number of its clients. It says the
// upstream's address, hears "NUMBER ADDRESS", connects so many clients to the
// address, says "connected", and "answered" when each has had an answer.
func crowd(in *bufio.Scanner) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	go func() {
		for {
			conn, err := upstream.Accept()
			fail(err)
			go echo(conn.(*net.TCPConn))
		}
	}()
	fmt.Println(upstream.Addr())
	in.Scan()
	count, address, _ := strings.Cut(in.Text(), " ")
	n, err := strconv.Atoi(count)
	fail(err)
	var answers sync.WaitGroup
	conns := make([]net.Conn, n) // one that nobody refers to is closed by the garbage collector
	for i := range n {
		conn, err := net.Dial("tcp", address)
		fail(err)
		conns[i] = conn
		_, err = conn.Write([]byte("x"))
		fail(err)
		answers.Go(func() {
			_, err := conn.Read(make([]byte, 1))
			fail(err)
		})
	}
	fmt.Println("connected")
	answers.Wait()
	fmt.Println("answered")
	in.Scan() // until the test ends
	runtime.KeepAlive(conns)
}

// remoteGateway is a gateway that falls silent after 300 ms. It hears the
// address of its upstream and says its own. Then it says "?" all the time and
// is confirmed by every line that it hears.
func remoteGateway(in *bufio.Scanner) {
	g := gateway.New(gateway.Config{
		Address: "127.0.0.1:0", IsolationAfter: 300 * time.Millisecond, IsolationGrace: 200 * time.Millisecond,
	})
	in.Scan()
	open(g, 1, in.Text())
	go func() { fail(g.Run(context.Background())) }()
	for !g.Status().Running {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(g.Status().Address)
	for {
		asked := time.Now()
		fmt.Println("?")
		if !in.Scan() {
			return
		}
		g.Confirm(asked)
		time.Sleep(20 * time.Millisecond)
	}
}

// fail ends a process of a role.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
