package contender

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// comesUp is how long a proxy may take until it takes connections.
const comesUp = 10 * time.Second

// pipes are as many as HAProxy may splice with at once; two files each. ownFiles are
// what a proxy needs beside its sessions'.
const (
	pipes    = 500
	ownFiles = 2*pipes + 500
)

// sessions is how many a proxy has room for. The benchmarks open 10,000 idle ones, or
// as many as the limit of open files lets them; HAProxy refuses to begin with a limit
// that it cannot hold.
func (s Site) sessions() int { return min(12_000, (s.Files-ownFiles)/2) }

// daemon is a proxy that is another project's program.
type daemon struct {
	cmd     *exec.Cmd
	address string
	said    *bytes.Buffer // by the program, to its standard error
	ended   chan struct{} // closed when it has
	err     error         // by then
}

// run starts a program that is to listen on an address. Its standard error is kept
// for the case that it fails, and empty otherwise.
func run(site Site, address, name string, args ...string) (*daemon, error) {
	d := &daemon{cmd: exec.Command(name, args...), address: address, said: new(bytes.Buffer), ended: make(chan struct{})}
	d.cmd.Stderr = d.said
	if err := site.CPUs.Start(d.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.ended)
	}()
	if err := d.listens(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(d.said.String()))
	}
	return d, nil
}

// listens waits until the program takes connections; if it does not, it is ended.
func (d *daemon) listens() error {
	for end := time.Now().Add(comesUp); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		select {
		case <-d.ended:
			return fmt.Errorf("it has ended: %w", d.err)
		default:
		}
		if conn, err := net.Dial("tcp", d.address); err == nil {
			_ = conn.Close()
			return nil
		}
	}
	d.Stop()
	return errors.New("it takes no connections")
}

func (d *daemon) Address() string { return d.address }
func (d *daemon) PID() int        { return d.cmd.Process.Pid }

// FilesPerSession is two sockets. A pipe is only held while something is in it.
func (d *daemon) FilesPerSession() int { return 2 }

// Stop interrupts it, since a process that is killed leaves its children.
func (d *daemon) Stop() {
	_ = d.cmd.Process.Signal(os.Interrupt)
	select {
	case <-d.ended:
	case <-time.After(comesUp):
		_ = d.cmd.Process.Kill()
		<-d.ended
	}
}

// freeAddress is a loopback address on which nobody listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
