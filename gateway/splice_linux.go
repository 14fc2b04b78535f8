package gateway

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// spliceSize is what is asked for at once, more than a pipe takes. Pipes keep
// their default capacity of 64 kB: larger ones were measured to be no faster,
// and unprivileged users may have no more than 64 MB in pipes.
const spliceSize = 1 << 20

// pipe is a pipe of the kernel.
type pipe struct{ read, write int }

func newPipe() *pipe {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return nil
	}
	return &pipe{read: ends[0], write: ends[1]}
}

func (p *pipe) close() {
	_ = unix.Close(p.read)
	_ = unix.Close(p.write)
}

// splice moves bytes from one socket to another by way of a pipe, which it has
// only while bytes are on their way.
type splice struct {
	from, to *leg
	pipes    *pipePool
	veto     func() bool // asked right before bytes are written

	pulling, pushing func(fd uintptr) bool // bound once
	pipe             *pipe
	inside           int // bytes in the pipe
	err              error
}

func newSplice(from, to *leg, pipes *pipePool, veto func() bool) *splice {
	s := &splice{from: from, to: to, pipes: pipes, veto: veto}
	s.pulling, s.pushing = s.pull, s.push
	return s
}

// fill waits for bytes and moves them into a pipe. It returns how many, and
// io.EOF at the end.
func (s *splice) fill() (int, error) {
	s.err = nil
	if err := s.from.raw.Read(s.pulling); err != nil {
		return 0, err
	}
	return s.inside, s.err
}

func (s *splice) pull(fd uintptr) (done bool) {
	if s.pipe = s.pipes.get(); s.pipe == nil {
		s.err = errNoPipe
		return true
	}
	n, err := spliceIgnoringEINTR(int(fd), s.pipe.write, spliceSize)
	switch {
	case err == nil && n > 0:
		s.inside = n
		return true
	case err == nil:
		s.err = io.EOF
	case !errors.Is(err, unix.EAGAIN):
		s.err = os.NewSyscallError("splice", err)
	}
	s.giveBack()
	return s.err != nil
}

// flush writes what is in the pipe.
func (s *splice) flush() error {
	s.err = nil
	if err := s.to.raw.Write(s.pushing); err != nil {
		return err
	}
	return s.err
}

func (s *splice) push(fd uintptr) (done bool) {
	for s.inside > 0 {
		if s.veto() {
			s.err = errStopped
			return true
		}
		n, err := spliceIgnoringEINTR(s.pipe.read, int(fd), s.inside)
		if errors.Is(err, unix.EAGAIN) {
			return false
		}
		if err != nil {
			s.err = os.NewSyscallError("splice", err)
			return true
		}
		s.inside -= n
	}
	s.giveBack()
	return true
}

func (s *splice) giveBack() {
	s.pipes.put(s.pipe)
	s.pipe = nil
}

// abandon closes a pipe with bytes that nobody will get.
func (s *splice) abandon() {
	if s.pipe != nil {
		s.pipe.close()
		s.pipe = nil
	}
}

func spliceIgnoringEINTR(from, to, size int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, size, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if !errors.Is(err, unix.EINTR) {
			return int(n), err
		}
	}
}
