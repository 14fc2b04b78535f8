package gateway

import (
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// prepareListener sets the options of the clients' sockets: on Linux those that are
// accepted have the options of the one that listens, which spares four system calls
// for each.
func prepareListener(listener net.Listener) {
	if socket, ok := listener.(syscall.Conn); ok {
		setKeepAlive(socket)
	}
}

// prepareUpstream sets the options of a socket to an upstream.
func prepareUpstream(conn net.Conn, userTimeout time.Duration) {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	setKeepAlive(tcp)
	control(tcp, func(fd int) {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
	})
}

// setKeepAlive finds peers that vanished while nothing was sent within 30 s. An
// option that cannot be set is no reason to refuse a connection.
func setKeepAlive(socket syscall.Conn) {
	control(socket, func(fd int) {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
	})
}

func control(socket syscall.Conn, set func(fd int)) {
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { set(int(fd)) })
	}
}

// receive and send make a system call that cannot block, and do not tell the Go
// scheduler of it. It would make ready for a call that takes long, and wake up the
// runtime's watching thread for that when the process was idle before: three context
// switches and a third of the processor time of a round trip over one connection,
// as measured by package bench. The price is that no other goroutine of the same
// processor runs meanwhile, which is 10 µs for 32 kB over loopback.
func receive(fd int, p []byte) (int, error) {
	return transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)
}

func send(fd int, p []byte) (int, error) {
	return transfer(unix.SYS_SENDTO, fd, p, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

func transfer(call uintptr, fd int, p []byte, flags uintptr) (int, error) {
	n, _, err := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}

// flushed tells whether the peer's kernel has acknowledged everything that was
// written to this leg.
func (l *leg) flushed() bool {
	if l.raw == nil {
		return true
	}
	unsent := 0
	err := l.raw.Control(func(fd uintptr) {
		unsent, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return err != nil || unsent == 0
}

// hungUp returns those of the held connections whose client has gone or has
// ended its direction. It asks the kernel for all of them with one call, and
// reads nothing: what the client has said must stay in the socket.
func hungUp(held []*session) map[*session]struct{} {
	polled := make([]unix.PollFd, 0, len(held))
	owners := make([]*session, 0, len(held))
	for _, s := range held {
		if s.client.raw == nil {
			continue
		}
		// The descriptor stays valid outside Control: a held connection is closed
		// by nobody but whoever took it from the hold, under the same lock.
		_ = s.client.raw.Control(func(fd uintptr) {
			polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP})
			owners = append(owners, s)
		})
	}
	if n, err := unix.Poll(polled, 0); n <= 0 || err != nil {
		return nil
	}
	gone := make(map[*session]struct{})
	for i, p := range polled {
		if p.Revents != 0 {
			gone[owners[i]] = struct{}{}
		}
	}
	return gone
}
