package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
)

const (
	// standInImage asks for the stand-in's own image where MEMGRAPH_IMAGE names one.
	standInImage = "standin"
	// sweeping is the variable that makes this program the sweeper of a run.
	sweeping = "CONFORMANCE_SWEEP"
	// engineTime bounds one command to the engine. A pull has no bound of its own.
	engineTime = time.Minute
)

// engine is the site where instances are containers of an image, on a network of
// their own. All that it makes is called after the run, so that it can be found
// again and removed.
type engine struct {
	image  string
	run    string // is in the name of everything
	folder string // logs
	holder string // the image of sandboxes
	sweeps *os.File
	count  atomic.Int64

	mu   sync.Mutex
	idle []*sandbox
}

func newEngine(image string) (*engine, error) {
	folder, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	e := &engine{image: image, folder: folder, run: filepath.Base(folder)}
	if err := e.set(); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// set makes what all instances need.
func (e *engine) set() (err error) {
	if err := e.startSweeper(); err != nil {
		return err
	}
	if err := e.provide(); err != nil {
		return err
	}
	hold := images.Program{Name: "localhost/" + e.run, Package: "./e2e/conformance/hold", At: "/hold", User: "65532:65532"}
	if e.holder, err = e.build(hold); err != nil {
		return err
	}
	_, err = docker("network", "create", e.run)
	return err
}

// docker runs one command to the engine.
func docker(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), engineTime)
	defer cancel()
	out, err := command.Exec{}.Run(ctx, command.New("docker", args...))
	return strings.TrimSpace(out), err
}

// provide sees to it that the engine has the image under test.
func (e *engine) provide() (err error) {
	if e.image == standInImage {
		program := images.StandIn()
		program.Name = "localhost/" + e.run + "-standin"
		e.image, err = e.build(program)
		return err
	}
	if _, err := docker("image", "inspect", e.image); err == nil {
		return nil
	}
	_, err = command.Exec{}.Run(context.Background(), command.New("docker", "pull", "--quiet", e.image))
	return err
}

// build builds a program's image and gives it to the engine.
func (e *engine) build(p images.Program) (ref string, err error) {
	ctx := context.Background()
	module, err := command.Exec{}.Run(ctx, command.New("go", "list", "-m", "-f", "{{.Dir}}", "memgraph-controller"))
	if err != nil {
		return "", err
	}
	built, err := images.Build(ctx, command.Exec{}, strings.TrimSpace(module), e.folder, p)
	if err != nil {
		return "", err
	}
	_, err = docker("load", "--quiet", "--input", built.File)
	return built.Ref, err
}

func (e *engine) String() string    { return "the image " + e.image }
func (e *engine) lacks(need) string { return "" }

// close removes everything.
func (e *engine) close() error {
	err := errors.Join(sweep(e.run), os.RemoveAll(e.folder))
	if e.sweeps != nil {
		err = errors.Join(err, e.sweeps.Close())
	}
	return err
}

// sweep removes the containers, the volumes, the network and the images of a run.
func sweep(run string) error {
	var all error
	for _, kind := range []struct{ list, remove string }{
		{"container ls --all --quiet --filter name=" + run, "container rm --force --volumes"},
		{"volume ls --quiet --filter name=" + run, "volume rm --force"},
		{"network ls --quiet --filter name=" + run, "network rm"},
		{"image ls --format {{.Repository}}:{{.Tag}} localhost/" + run + "*", "image rm"}, // by name: others may have the same
	} {
		found, err := docker(strings.Fields(kind.list)...)
		if found != "" && err == nil {
			_, err = docker(append(strings.Fields(kind.remove), strings.Fields(found)...)...)
		}
		all = errors.Join(all, err)
	}
	return all
}

// startSweeper starts a process that removes what the run has left when this one
// has ended in whatever way: interrupted, timed out, killed. It is this program
// itself, in a session of its own so that Ctrl-C does not reach it, and it learns of
// the end because the other end of its stdin closes.
func (e *engine) startSweeper() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	end, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer end.Close()
	sweeper := exec.Command(self)
	sweeper.Env = append(os.Environ(), sweeping+"="+e.run)
	sweeper.Stdin = end
	sweeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	e.sweeps = ours
	return sweeper.Start()
}

// sweeper is all that this program does where sweeping is set.
func sweeper(run string) {
	_, _ = os.Stdin.Read(make([]byte, 1)) // nothing is ever written: this is the end
	// What was just being started at the end is there a moment later.
	for range 3 {
		_ = sweep(run) // there is nobody left to tell
		time.Sleep(time.Second)
	}
	os.RemoveAll(filepath.Join(os.TempDir(), run))
}

func (e *engine) place(t *testing.T, name string) place {
	t.Helper()
	s := e.take(t)
	t.Cleanup(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.idle = append(e.idle, s)
	})
	return e.in(t, s, name)
}

// in makes a place in a sandbox.
func (e *engine) in(t *testing.T, s *sandbox, name string) *container {
	t.Helper()
	c := &container{engine: e, sandbox: s, name: e.next(name), at: library}
	c.volume = c.name
	t.Cleanup(func() {
		if err := c.remove(); err != nil {
			t.Errorf("%s is left behind: %v", c.name, err)
		}
	})
	return c
}

// next is a name of this run.
func (e *engine) next(name string) string {
	return fmt.Sprintf("%s-%d-%s", e.run, e.count.Add(1), name)
}

// take is a sandbox that nobody uses, or a new one.
func (e *engine) take(t *testing.T) *sandbox {
	t.Helper()
	e.mu.Lock()
	if last := len(e.idle) - 1; last >= 0 {
		s := e.idle[last]
		e.idle = e.idle[:last]
		e.mu.Unlock()
		return s
	}
	e.mu.Unlock()
	return e.sandbox(t, e.run)
}
