package gateway

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// listening returns a listener on a loopback address, or skips where there is none.
func listening(t *testing.T, address string) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("%s: %v", address, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.(*net.TCPListener)
}

func TestDialBringsASocketThatWorksLikeOneOfPackageNet(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l := listening(t, address)
		conn, err := dialTCP(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		peer, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, l.Addr().String(), conn.RemoteAddr().String())
		require.Equal(t, peer.RemoteAddr().String(), conn.LocalAddr().String())

		_, err = conn.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, conn.(*socket).CloseWrite())
		heard, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Equal(t, "hello", string(heard))

		require.NoError(t, conn.Close())
		require.NoError(t, peer.Close())
	}
}

func TestDialBringsASocketThatCanReset(t *testing.T) {
	l := listening(t, "127.0.0.1:0")
	conn, err := dialTCP(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	peer, err := l.Accept()
	require.NoError(t, err)
	defer peer.Close()
	resetOnClose(conn)
	require.NoError(t, conn.Close())
	_, err = peer.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestDialResolvesNames(t *testing.T) {
	l := listening(t, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	conn, err := dialTCP(t.Context(), "tcp4", "localhost:"+port)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestDialOfAPortThatNobodyListensOnIsRefused(t *testing.T) {
	l := listening(t, "127.0.0.1:0")
	require.NoError(t, l.Close())
	_, err := dialTCP(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorContains(t, err, "dial tcp "+l.Addr().String())
}

// TestDialEndsWithItsContext: a listener whose backlog is full lets a SYN wait.
func TestDialEndsWithItsContext(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer func() { _ = unix.Close(fd) }()
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(fd, 0))
	name, err := unix.Getsockname(fd)
	require.NoError(t, err)
	full := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*unix.SockaddrInet4).Port)).String()
	first, err := dialTCP(t.Context(), "tcp", full)
	require.NoError(t, err)
	defer first.Close()

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := dialTCP(ctx, "tcp", full)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	ctx, cancel = context.WithTimeout(t.Context(), 1)
	defer cancel()
	_, err = dialTCP(ctx, "tcp", full)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, os.IsTimeout(err), "a sighting tells by this that nothing was heard")
}

func TestASocketThatMeetsItselfWasRefused(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := unix.Getsockname(fd)
	require.NoError(t, err)
	own := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*unix.SockaddrInet4).Port))
	s := &socket{File: os.NewFile(uintptr(fd), own.String()), remote: own}
	defer s.Close()
	s.raw, err = s.File.SyscallConn()
	require.NoError(t, err)
	_, address := sockaddr(own)
	require.ErrorIs(t, s.connected(t.Context(), address, unix.Connect(fd, address)), syscall.ECONNREFUSED)
}
