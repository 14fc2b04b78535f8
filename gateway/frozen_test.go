package gateway_test

import (
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFrozenProcessPassesNoOldAnswerWhenItGoesOn stops a gateway's process for
// longer than it may go unconfirmed. Meanwhile answers arrive in its sockets.
// When it goes on it must not hand out any of them: another instance may have
// been promoted by then.
func TestFrozenProcessPassesNoOldAnswerWhenItGoesOn(t *testing.T) {
	var mu sync.Mutex
	var asked []net.Conn
	upstream := serve(t, func(conn *net.TCPConn) {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			_, _ = conn.Write([]byte("fresh"))
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, conn)
		}
	})
	remote := spawn(t, "gateway")
	remote.say(t, upstream.address())
	address := remote.hear(t)
	confirm := func() { require.Equal(t, "?", remote.hear(t)); remote.say(t, "yes") }
	confirm()

	const sessions = 30
	clients := make([]net.Conn, sessions)
	for i := range clients {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		clients[i] = conn
		say(t, conn, "x")
		confirm()
		hear(t, conn, "fresh")
		say(t, conn, "x")
	}
	eventually(t, func() bool {
		confirm()
		mu.Lock()
		defer mu.Unlock()
		return len(asked) == sessions
	}, "all clients wait for their answer")

	require.NoError(t, remote.Process.Signal(syscall.SIGSTOP))
	for _, conn := range asked {
		say(t, conn, "stale")
	}
	time.Sleep(400 * time.Millisecond) // not a guess: longer than the gateway may go unconfirmed
	require.NoError(t, remote.Process.Signal(syscall.SIGCONT))
	for _, conn := range clients {
		requireReset(t, conn)
	}
}
