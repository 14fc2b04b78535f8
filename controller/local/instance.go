package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"memgraph-controller/controller"
)

// settled is how long a process has to live for its start to count as a success:
// what ends sooner, again and again, is started less and less often.
const settled = 5 * time.Second

var (
	errClosed  = errors.New("the local cluster is shutting down")
	errNotHere = errors.New("its process is not running")
)

// pace is how fast an instance is started and stopped; see Config.
type pace struct {
	delay, maxDelay, notice, grace time.Duration
}

// instance keeps one database process running. One goroutine (run) owns its
// state and carries out orders one by one; everybody else sends orders and reads
// the last published snapshot.
type instance struct {
	snapshot controller.Process // the fields that never change
	home     string
	command  func(restore bool) command
	launch   launcher
	pace     pace
	log      *slog.Logger
	changed  func()

	orders chan func()
	gone   chan struct{} // closed when run has ended, and the process with it
	seen   atomic.Pointer[controller.Process]

	// What follows belongs to run.

	process  process // nil while there is none
	id       string
	started  time.Time
	logStart int64         // size of the log when the process started
	delay    time.Duration // before the next start of a process that ended too soon
	failures int           // starts in a row that ended too soon
	emptied  bool          // the data were set aside, and no start has held since
	amnesia  bool          // the next start forgets the replication state
	retiring bool          // told, or about to be told, to end
	closing  bool
	waiting  []chan<- error // want to know of the next start
	// alarm fires when it is time for the next thing: a start while there is no
	// process, a signal while it is retiring.
	alarm <-chan time.Time
	then  func()
}

// run keeps the process running until close.
func (i *instance) run() {
	defer close(i.gone)
	for !i.closing {
		select {
		case order := <-i.orders:
			order()
		case <-i.ended():
			i.succeed(i.bury())
		case <-i.alarm:
			i.alarm = nil
			i.then()
		}
	}
}

func (i *instance) ended() <-chan struct{} {
	if i.process == nil {
		return nil
	}
	return i.process.ended()
}

func (i *instance) after(d time.Duration, do func()) {
	i.alarm, i.then = time.After(d), do
}

// start starts the process. If that fails it is tried again later.
func (i *instance) start() error {
	command := i.command(!i.amnesia)
	i.logStart = logSize(command.output)
	process, err := i.launch(command)
	i.answer(err)
	if err != nil {
		i.after(i.nextDelay(0), i.startAgain)
		return err
	}
	i.alarm, i.amnesia = nil, false
	i.process, i.started = process, time.Now()
	// With its time of birth, to the nanosecond, an id is never met again: not
	// when the system reuses it, nor after a reboot.
	i.id = fmt.Sprintf("%d-%x", process.pid(), i.started.UnixNano())
	i.log.Info("instance started", "pid", process.pid())
	i.publish()
	return nil
}

// startAgain starts the process when nobody waits to hear of it.
func (i *instance) startAgain() {
	if err := i.start(); err != nil {
		i.log.Error("instance cannot be started", "error", err)
	}
}

// answer tells everybody who waits for the next start.
func (i *instance) answer(err error) {
	for _, reply := range i.waiting {
		reply <- err
	}
	i.waiting = nil
}

// bury takes note that the process has ended and tells whether it was asked to.
// What comes next is up to the caller, who must also see to the alarm.
func (i *instance) bury() (asked bool) {
	level := slog.LevelWarn
	if asked = i.retiring; asked {
		level = slog.LevelInfo
	}
	i.log.Log(context.Background(), level, "instance ended",
		"pid", i.process.pid(), "result", i.process.result(),
		"lived", time.Since(i.started).Round(time.Millisecond),
		"last_words", lastWords(filepath.Join(i.home, "log"), i.logStart))
	i.process, i.retiring = nil, false
	i.judge(asked, time.Since(i.started))
	i.publish()
	return asked
}

// judge counts the starts that failed. One that was ended by order says nothing,
// unless it had held.
func (i *instance) judge(asked bool, lived time.Duration) {
	switch {
	case lived >= settled:
		i.failures, i.emptied = 0, false
	case !asked && !i.emptied:
		i.failures++
	}
}

// succeed sees to a successor of a process that has ended: at once if it was
// asked to end, else after a while, as the runtime of a container does.
func (i *instance) succeed(asked bool) {
	if asked {
		i.startAgain()
		return
	}
	i.after(i.nextDelay(time.Since(i.started)), i.startAgain)
}

// nextDelay is the delay of the next start after a process has lived for so long.
func (i *instance) nextDelay(lived time.Duration) time.Duration {
	if lived >= settled || i.delay == 0 {
		i.delay = i.pace.delay
	}
	delay := i.delay
	i.delay = min(2*delay, i.pace.maxDelay)
	return delay
}

// end kills the process, if there is one, and waits for its end. A stopped
// process dies as well; one that hangs in the kernel holds up this instance.
func (i *instance) end() {
	if i.process == nil {
		return
	}
	i.retiring = true
	i.process.signal(syscall.SIGKILL)
	<-i.process.ended()
	i.bury()
}

// publish makes the present state visible.
func (i *instance) publish() {
	snapshot := i.snapshot
	snapshot.ID, snapshot.Started = i.id, i.started
	snapshot.Dead = i.process == nil
	snapshot.Terminating = i.retiring && !snapshot.Dead
	snapshot.Failures = i.failures
	i.seen.Store(&snapshot)
	i.changed()
}

// ask has do carried out by run and waits for the reply. Nothing is begun once ctx
// has ended: the caller's mandate to change anything may have ended with it.
func (i *instance) ask(ctx context.Context, do func(reply chan<- error)) error {
	reply := make(chan error, 1)
	order := func() {
		if err := ctx.Err(); err != nil {
			reply <- err
			return
		}
		do(reply)
	}
	select {
	case i.orders <- order:
	case <-i.gone:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-i.gone:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
