package local

import (
	"context"
	"path/filepath"
	"syscall"
	"time"

	"memgraph-controller/controller/quarantine"
)

// The orders to one instance. Each is carried out by its run goroutine.

// kill ends the process; it comes back after the restart delay, as in a
// container.
func (i *instance) kill() error {
	if i.process != nil {
		i.end()
		i.after(i.pace.delay, i.startAgain)
	}
	return nil
}

// stop freezes the process.
func (i *instance) stop() error {
	if i.process == nil {
		return errNotHere
	}
	i.process.signal(syscall.SIGSTOP)
	i.log.Info("instance stopped")
	return nil
}

// cont lets a frozen process go on. One that has ended is not frozen either.
func (i *instance) cont() error {
	if i.process != nil {
		i.process.signal(syscall.SIGCONT)
		i.log.Info("instance goes on")
	}
	return nil
}

// restart ends the process and starts it at once without its replication state:
// so it knows no replicas, and none that is frozen can keep it from answering
// for 40 s (memgraph-observed 2).
func (i *instance) restart() error {
	i.end()
	i.amnesia = true
	return i.start()
}

// reseed ends the process, sets its data aside and starts it empty. If they
// cannot be set aside it comes back as it was.
func (i *instance) reseed(reason string) error {
	i.end()
	folder := quarantine.Folder(filepath.Join(i.home, "quarantine"))
	where, err := folder.SetAside(filepath.Join(i.home, "data"), reason, time.Now())
	if err != nil {
		i.after(i.pace.delay, i.startAgain)
		return err
	}
	i.failures, i.emptied = 0, true
	if where != "" {
		entries, _ := folder.List()
		i.log.Warn("data were set aside; drop what you do not need: `quarantine drop`", "reason", reason, "path", where,
			"copies", len(entries), "bytes", quarantine.Size(entries))
	}
	return i.start()
}

// retire asks the process to end: announced for the time of notice, then
// SIGTERM, then SIGKILL when grace is over. The reply comes with the next start.
func (i *instance) retire(reply chan<- error) {
	if i.process == nil {
		reply <- i.start()
		return
	}
	i.waiting = append(i.waiting, reply)
	if i.retiring {
		return
	}
	i.retiring = true
	i.publish()
	i.log.Info("instance is told to end", "in", i.pace.notice)
	i.after(i.pace.notice, func() {
		i.process.signal(syscall.SIGTERM)
		i.after(i.pace.grace, func() { i.process.signal(syscall.SIGKILL) })
	})
}

// close ends the process for good, with mercy until grace is over or ctx ends.
func (i *instance) close(ctx context.Context) {
	i.closing = true
	if i.process == nil {
		return
	}
	i.retiring = true
	i.publish()
	// A stopped process acts on SIGTERM only when it goes on; sent in this order
	// it does nothing else first.
	i.process.signal(syscall.SIGTERM)
	i.process.signal(syscall.SIGCONT)
	select {
	case <-i.process.ended():
		i.bury()
	case <-time.After(i.pace.grace):
		i.end()
	case <-ctx.Done():
		i.end()
	}
}
