//go:build !linux

package gateway

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Elsewhere than on Linux the gateway runs for a look at it, without what only
// Linux offers: TCP_USER_TIMEOUT, and news of held clients that went away.

func prepareListener(net.Listener) {}

func prepareUpstream(net.Conn, time.Duration) {}

func dialTCP(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{KeepAlive: laterAlive}).DialContext(ctx, network, address)
}

func rawOf(conn net.Conn) (syscall.RawConn, error) {
	if c, ok := conn.(*net.TCPConn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

func receive(fd int, p []byte) (int, error) { return unix.Read(fd, p) }

func send(fd int, p []byte) (int, error) { return unix.Write(fd, p) }

func (l *leg) flushed() bool { return true }

func hungUp([]*session) map[*session]struct{} { return nil }

// splice does not exist here; a session that asks goes on copying.
type splice struct{}

type pipe struct{}

func newPipe() *pipe { return nil }

func (*pipe) close() {}

func newSplice(_, _ *leg, _ *pipePool, _ func() bool) *splice { return &splice{} }

func (*splice) fill() (int, error) { return 0, errNoPipe }

func (*splice) flush() error { return nil }

func (*splice) abandon() {}
