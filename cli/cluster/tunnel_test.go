package cluster_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/cli/cluster/apiserver"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Once closed, it offers its error for ten minutes to whoever may ask.
		goleak.IgnoreAnyFunction("github.com/moby/spdystream.(*Connection).shutdown"),
	)
}

// echo answers each line with its name before it. "reset" is answered with a reset of
// the connection.
func echo(t *testing.T, name string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				lines := bufio.NewScanner(conn)
				for lines.Scan() {
					if lines.Text() == "reset" {
						_ = conn.(*net.TCPConn).SetLinger(0)
						return
					}
					fmt.Fprintf(conn, "%s %s\n", name, lines.Text())
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// find starts the server and finds the release of its pods.
func find(t *testing.T, server *apiserver.Server) *cluster.Release {
	t.Helper()
	server.Start(t)
	release, err := cluster.Find(t.Context(), cluster.Where{Kubeconfig: server.Kubeconfig(t)}, "test")
	require.NoError(t, err)
	return release
}

func ask(t *testing.T, conn net.Conn, line string) string {
	t.Helper()
	_, err := fmt.Fprintln(conn, line)
	require.NoError(t, err)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	return answer
}

func TestTunnelCarriesConnectionsOverWebSocketAndWhereThereIsNoneOverSPDY(t *testing.T) {
	for _, onlySPDY := range []bool{false, true} {
		t.Run(fmt.Sprintf("only SPDY %t", onlySPDY), func(t *testing.T) {
			server := &apiserver.Server{
				Pods:     []corev1.Pod{apiserver.Controller("graph", "graph-a", true)},
				Ports:    map[string]string{"graph-a:8080": echo(t, "a")},
				OnlySPDY: onlySPDY,
			}
			tunnel, err := find(t, server).Tunnel("graph-a", 8080)
			require.NoError(t, err)
			defer tunnel.Close()
			one, err := tunnel.DialContext(t.Context(), "", "")
			require.NoError(t, err)
			two, err := tunnel.DialContext(t.Context(), "", "")
			require.NoError(t, err)
			require.Equal(t, "a first\n", ask(t, one, "first"))
			require.Equal(t, "a second\n", ask(t, two, "second"))
			require.NoError(t, two.Close())
			require.Equal(t, "a third\n", ask(t, one, "third"), "the others live on when one is closed")
			if onlySPDY {
				require.Equal(t, [2]int{0, 1}, [2]int{server.Forwards("websocket"), server.Forwards("spdy")})
			} else {
				require.Equal(t, [2]int{1, 0}, [2]int{server.Forwards("websocket"), server.Forwards("spdy")})
			}
		})
	}
}

// What client-go's own forwarder does not do, and what a drill rests on.
func TestAConnectionThatThePodResetsEndsNoOther(t *testing.T) {
	tunnel, err := find(t, &apiserver.Server{
		Pods:  []corev1.Pod{apiserver.Controller("graph", "graph-a", true)},
		Ports: map[string]string{"graph-a:7687": echo(t, "a")},
	}).Tunnel("graph-a", 7687)
	require.NoError(t, err)
	defer tunnel.Close()
	stays, err := tunnel.DialContext(t.Context(), "", "")
	require.NoError(t, err)
	defer stays.Close()
	cut, err := tunnel.DialContext(t.Context(), "", "")
	require.NoError(t, err)
	defer cut.Close()
	_, err = fmt.Fprintln(cut, "reset")
	require.NoError(t, err)
	_, err = bufio.NewReader(cut).ReadString('\n')
	require.Error(t, err)
	require.Equal(t, "a still\n", ask(t, stays, "still"))
}

func TestAPortThatNobodyListensAtIsNamed(t *testing.T) {
	tunnel, err := find(t, &apiserver.Server{Pods: []corev1.Pod{apiserver.Controller("graph", "graph-a", true)}}).Tunnel("graph-a", 8080)
	require.NoError(t, err)
	defer tunnel.Close()
	conn, err := tunnel.DialContext(t.Context(), "", "")
	require.NoError(t, err)
	defer conn.Close()
	_, err = bufio.NewReader(conn).ReadString('\n')
	require.ErrorContains(t, err, "port 8080 of pod graph-a: error forwarding port 8080")
}

func TestAForbiddenPortForwardNamesTheVerb(t *testing.T) {
	tunnel, err := find(t, &apiserver.Server{
		Pods:      []corev1.Pod{apiserver.Controller("graph", "graph-a", true)},
		Forbidden: []string{"create pods/portforward", "get pods/portforward"},
	}).Tunnel("graph-a", 8080)
	require.NoError(t, err)
	_, err = tunnel.DialContext(t.Context(), "", "")
	require.ErrorContains(t, err, `a Role has to give you the verb "create" on "pods/portforward" there of context test`)
}

func TestServiceLeadsToOneControllerAfterTheOther(t *testing.T) {
	server := &apiserver.Server{
		Pods: []corev1.Pod{
			apiserver.Controller("graph", "graph-a", true), apiserver.Controller("graph", "graph-b", true),
			apiserver.Controller("graph", "graph-c", false),
		},
		Ports: map[string]string{"graph-a:7687": echo(t, "a"), "graph-b:7687": echo(t, "b"), "graph-c:7687": echo(t, "c")},
	}
	service, err := find(t, server).Service(7687)
	require.NoError(t, err)
	defer service.Close()
	answered := map[string]int{}
	for range 4 {
		conn, err := net.Dial("tcp", service.Address)
		require.NoError(t, err)
		defer conn.Close()
		answered[ask(t, conn, "x")]++
	}
	require.Equal(t, map[string]int{"a x\n": 2, "b x\n": 2}, answered)
}

func TestServiceTurnsToAnotherControllerWhereOneFailed(t *testing.T) {
	server := &apiserver.Server{
		Pods:  []corev1.Pod{apiserver.Controller("graph", "graph-a", true), apiserver.Controller("graph", "graph-b", true)},
		Ports: map[string]string{"graph-b:7687": echo(t, "b")},
	}
	service, err := find(t, server).Service(7687)
	require.NoError(t, err)
	defer service.Close()
	failed := 0
	for range 6 {
		conn, err := net.Dial("tcp", service.Address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintln(conn, "x")
		require.NoError(t, err)
		if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
			failed++
		}
	}
	require.Equal(t, 1, failed, "the one that nobody listens at is asked once")
}
