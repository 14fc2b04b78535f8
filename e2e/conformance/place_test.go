package conformance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// place is where one instance lives, and what can be done to it from outside. It
// outlasts the process: what is launched there again finds its data.
type place interface {
	// bolt is where clients reach the instance.
	bolt() string
	// replication is where the other instances reach it.
	replication() (host string, port int)
	// boltPort is the port that it serves Bolt on itself.
	boltPort() int
	// launch starts the instance, with flags besides the usual ones. It does not
	// wait until it answers.
	launch(flags ...string) (*life, error)
	signal(s syscall.Signal) error
	// wipe deletes its data. It does not run.
	wipe() error
	// twin is another place over the same data.
	twin(t *testing.T) place
	// log is the end of what it said.
	log() string
}

// site is where the instances under test live.
type site interface {
	// String names what is under test.
	String() string
	// place makes room for an instance, until the test ends.
	place(t *testing.T, name string) place
	// lacks says why facts cannot have what they need; "": they can.
	lacks(n need) string
	// close ends what the site has made besides its places.
	close() error
}

// need is something that not every site has.
type need int

const (
	control    need = iota // instances are killed, stopped, started, and flags are set
	fresh                  // instances without data or users, or that may be left diverged
	containers             // a network and volumes of their own
)

// life is one run of the program.
type life struct {
	pid   int
	ended chan struct{}
	code  int // once it has ended; -1 where a signal ended it
}

// live starts the command. Its end is the end of the life.
func live(command *exec.Cmd) (*life, error) {
	if err := command.Start(); err != nil {
		return nil, err
	}
	l := &life{pid: command.Process.Pid, ended: make(chan struct{})}
	go func() {
		var exit *exec.ExitError
		if err := command.Wait(); errors.As(err, &exit) {
			l.code = exit.ExitCode()
		}
		close(l.ended)
	}()
	return l, nil
}

// over tells whether it has ended.
func (l *life) over() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

// lab makes the site that the environment asks for. It is made by the first fact
// and not before all of them, for go test keeps a result until something changes
// that a test has looked at: these variables, and the sources of the stand-in.
type lab struct {
	once sync.Once
	site site
	err  error
}

func (l *lab) get(t *testing.T) site {
	t.Helper()
	l.once.Do(func() { l.site, l.err = choose() })
	if l.err != nil {
		unusable(t, fmt.Errorf("there are no instances to ask: %w", l.err))
	}
	return l.site
}

// close is for the end of all tests, or of the run in the middle of them.
func (l *lab) close() error {
	l.once.Do(func() {}) // what is being made is made first
	if l.site == nil {
		return nil
	}
	return l.site.close()
}

func choose() (site, error) {
	asked, program, image, addresses := 0, os.Getenv("MEMGRAPH"), os.Getenv("MEMGRAPH_IMAGE"), os.Getenv("ADDRESSES")
	for _, text := range []string{program, image, addresses} {
		if text != "" {
			asked++
		}
	}
	switch {
	case asked > 1:
		return nil, fmt.Errorf("MEMGRAPH=%s MEMGRAPH_IMAGE=%s ADDRESSES=%s: set one of them", program, image, addresses)
	case image != "":
		return newEngine(image)
	case addresses != "":
		return newGuests(addresses)
	}
	return newPrograms(program)
}
