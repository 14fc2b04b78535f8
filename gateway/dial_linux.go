package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dialTCP is the default of Config.Dial. Package net leaves 0.9 kB of garbage more for
// each connection, by names to resolve, several addresses to try and a goroutine that
// watches ctx. Where 10,000 clients come at once nobody collects that for minutes: they
// took 97 to 112 MB with it, 86 to 89 without. An address with a name in it is left to
// package net.
func dialTCP(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Addr().Zone() != "" {
		return (&net.Dialer{KeepAlive: laterAlive}).DialContext(ctx, network, address)
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	s, err := dialSocket(ctx, to)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	return s, nil
}

// socket is a TCP connection that dialTCP began, with those methods of a net.TCPConn
// that a leg needs.
type socket struct {
	*os.File
	raw    syscall.RawConn
	remote netip.AddrPort
}

// rawOf is the socket below a connection of package net or of dialTCP.
func rawOf(conn net.Conn) (syscall.RawConn, error) {
	switch c := conn.(type) {
	case *net.TCPConn:
		return c.SyscallConn()
	case *socket:
		return c.raw, nil
	}
	return nil, errors.ErrUnsupported
}

func dialSocket(ctx context.Context, to netip.AddrPort) (*socket, error) {
	family, address := sockaddr(to)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// What is sent is sent at once, as on connections of package net.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	begun := unix.Connect(fd, address)
	s := &socket{File: os.NewFile(uintptr(fd), to.String()), remote: to}
	if s.raw, err = s.File.SyscallConn(); err == nil {
		err = s.connected(ctx, address, begun)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func sockaddr(to netip.AddrPort) (family int, address unix.Sockaddr) {
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// connected waits until what began with a call of connect has come to an end, or ctx
// has. The end is what a further call says.
func (s *socket) connected(ctx context.Context, address unix.Sockaddr, begun error) error {
	if isUnderWay(begun) {
		var err error
		if begun, err = s.await(ctx, address); err != nil {
			return err
		}
	}
	if begun != nil && !errors.Is(begun, unix.EISCONN) {
		return os.NewSyscallError("connect", begun)
	}
	return s.meetsAnother()
}

func isUnderWay(begun error) bool {
	return errors.Is(begun, unix.EINPROGRESS) || errors.Is(begun, unix.EALREADY) || errors.Is(begun, unix.EINTR)
}

// await returns what connect says when the connection is not under way any more.
func (s *socket) await(ctx context.Context, address unix.Sockaddr) (said, err error) {
	disarm := func() bool { return true }
	armed := false
	err = s.raw.Write(func(fd uintptr) (done bool) {
		said = unix.Connect(int(fd), address)
		if isUnderWay(said) && !armed { // over loopback it is not any more
			armed = true
			disarm = context.AfterFunc(ctx, func() { _ = s.SetWriteDeadline(time.Unix(1, 0)) })
		}
		return !isUnderWay(said)
	})
	if !disarm() {
		return nil, ctx.Err()
	}
	return said, err
}

// meetsAnother is an error where a socket has met itself: a port of this machine that
// nobody listens on may be the one that the kernel has given to whoever dials it.
func (s *socket) meetsAnother() error {
	if !s.remote.Addr().IsLoopback() {
		return nil
	}
	if local, ok := s.LocalAddr().(*net.TCPAddr); ok && local.AddrPort() == s.remote {
		return os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	return nil
}

// SyscallConn implements syscall.Conn.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

// CloseWrite ends this side's direction.
func (s *socket) CloseWrite() (err error) {
	control(s, func(fd int) { err = os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR)) })
	return err
}

// SetLinger with 0 makes Close reset the connection.
func (s *socket) SetLinger(seconds int) (err error) {
	control(s, func(fd int) {
		err = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(seconds)})
	})
	return err
}

// LocalAddr implements net.Conn. Nobody asks, so it costs no system call before.
func (s *socket) LocalAddr() (local net.Addr) {
	control(s, func(fd int) {
		switch a, _ := unix.Getsockname(fd); a := a.(type) {
		case *unix.SockaddrInet4:
			local = &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
		case *unix.SockaddrInet6:
			local = &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
		}
	})
	return local
}

// RemoteAddr implements net.Conn.
func (s *socket) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }
