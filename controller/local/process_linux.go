package local

import (
	"errors"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// child is a process of the operating system.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu     sync.Mutex // never held while waiting
	reaped bool       // its id may belong to somebody else now
}

// launch starts a program in a session of its own, so that Ctrl-C in our
// terminal does not reach it, and tied to our life: the kernel kills it when we
// end without having done so.
func launch(c command) (process, error) {
	output, err := openOutput(c.output)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(c.path, c.args...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	p := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.live(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// live starts the process and sees it to its end on one thread. A parent death
// signal is sent when the *thread* that started the child ends, and Go ends
// threads as it likes; this one is kept for as long as the child lives.
func (p *child) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.awaitEnd()
	p.reap()
	close(p.done)
}

// awaitEnd waits until the process is a zombie, which keeps its id taken.
func (p *child) awaitEnd() {
	for errors.Is(unix.Waitid(unix.P_PID, p.pid(), nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
}

// reap kills what is left of the group (the database behind a wrapper script
// that did not exec it) and gives the id back.
func (p *child) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = unix.Kill(-p.pid(), unix.SIGKILL)
	_ = p.cmd.Wait() // at once: it has ended; how is in ProcessState
	p.reaped = true
}

func (p *child) pid() int { return p.cmd.Process.Pid }

func (p *child) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = unix.Kill(-p.pid(), s)
	}
}

func (p *child) ended() <-chan struct{} { return p.done }

func (p *child) result() string { return p.cmd.ProcessState.String() }
