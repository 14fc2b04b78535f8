package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/controller"
)

var errHeld = errors.New("it is held down")

// instance keeps one database process running, as a kubelet does. Orders to it
// are carried out one after another by whoever gives them.
type instance struct {
	name    string
	network *pipenet.Network
	random  io.Reader
	delay   time.Duration
	lives   time.Duration // after it was told to end
	log     *slog.Logger
	changed func()
	seen    atomic.Pointer[controller.Process]
	frozen  atomic.Pointer[time.Time]        // since when
	losses  atomic.Int64                     // of its disk
	serving atomic.Pointer[standin.Instance] // nil until a process answers

	// turn is held during an order, and guards the rest. It is no mutex, because
	// virtual time passes during an order.
	turn    chan struct{}
	disk    *disk.Memory
	aside   []*disk.Memory // data that were set aside, the oldest first
	process *process       // nil while there is none
	starts  int
	ending  bool // it was told to
	held    bool // no start until released
	alarm   *time.Timer
}

// process is one life of an instance.
type process struct {
	end  context.CancelFunc
	gone chan struct{} // closed when nothing of it runs any more
}

func newInstance(name string, seed uint64, network *pipenet.Network, o Options, changed func()) *instance {
	var key [32]byte
	copy(key[:], fmt.Sprintf("%d %s", seed, name))
	i := &instance{
		name: name, network: network, random: rand.NewChaCha8(key), delay: o.RestartDelay, lives: o.EndDelay, log: o.Log, changed: changed,
		turn: make(chan struct{}, 1), disk: &disk.Memory{},
	}
	i.publish("", time.Time{})
	return i
}

// bolt is another address after each loss of the disk: whoever comes back empty is a
// new pod, and nobody who heard of none but the old one connects to it.
func (i *instance) bolt() string        { return fmt.Sprintf("%s:%d", i.name, 7687+i.losses.Load()) }
func (i *instance) replication() string { return i.name + ":10000" }

// order carries out one order.
func (i *instance) order(do func() error) error {
	i.turn <- struct{}{}
	defer func() { <-i.turn }()
	return do()
}

// start starts a process. It may take long to answer, so nobody waits for that.
func (i *instance) start(restoreRole bool) {
	if i.alarm != nil {
		i.alarm.Stop()
	}
	i.starts++
	i.ending = false
	life, end := context.WithCancel(context.Background())
	p := &process{end: end, gone: make(chan struct{})}
	i.process = p
	i.publish(fmt.Sprintf("%s-%d", i.name, i.starts), time.Now())
	config := i.config(restoreRole)
	go func() {
		i.live(life, p, config)
		_ = i.order(func() error { i.died(p); return nil }) // a process lives longer than whoever starts it
	}()
}

func (i *instance) config(restoreRole bool) standin.Config {
	config := standin.Defaults()
	config.Name, config.Disk, config.Random, config.Log = i.name, i.disk, i.random, i.log
	config.BoltAddress = i.bolt()
	config.ReplicationRestoreStateOnStartup = restoreRole
	config.StorageSnapshotOnExit = false
	config.StorageWALFileFlushEveryNTx = 1
	config.Dial = i.network.DialAs(i.name)
	config.Listen = func(ctx context.Context, network, address string) (net.Listener, error) {
		return i.network.Listen(ctx, network, strings.Replace(address, "0.0.0.0", i.name, 1))
	}
	return config
}

// live is a process's life.
func (i *instance) live(life context.Context, p *process, config standin.Config) {
	defer close(p.gone)
	defer p.end()
	s, err := standin.Start(life, config)
	if err != nil {
		config.Log.Warn("instance does not start", "instance", config.Name, "error", err)
		return
	}
	i.serving.Store(s)
	defer i.serving.Store(nil)
	select {
	case <-life.Done():
	case <-s.Died():
	}
	s.Kill()
}

// died sees to a successor of a process that ended by itself.
func (i *instance) died(p *process) {
	if i.process != p {
		return
	}
	i.process = nil
	i.frozen.Store(nil)
	i.publish("", time.Time{})
	i.startLater()
}

func (i *instance) startLater() {
	i.startAfter(func() { i.start(true) })
}

func (i *instance) startAfter(start func()) {
	if i.held {
		return
	}
	i.alarm = time.AfterFunc(i.delay, func() {
		_ = i.order(func() error {
			if i.process == nil && !i.held {
				start()
			}
			return nil
		})
	})
}

// kill ends the process, as kill -9 does.
func (i *instance) kill() {
	if i.alarm != nil {
		i.alarm.Stop()
	}
	if p := i.process; p != nil {
		p.end()
		<-p.gone
		i.process = nil
		i.frozen.Store(nil)
		i.publish("", time.Time{})
	}
}

// publish makes the present process known. The id of one that is gone stays.
func (i *instance) publish(id string, started time.Time) {
	known := controller.Process{Name: i.name, Bolt: i.bolt(), Replication: i.replication(), ID: id, Started: started, Dead: id == "", Terminating: i.ending}
	if last := i.seen.Load(); known.Dead && last != nil {
		known.ID, known.Started = last.ID, last.Started
	}
	i.seen.Store(&known)
	i.changed()
}

// restart is kill and start of a main that remembers no replicas.
func (i *instance) restart() error {
	return i.replace(func() { i.start(false) })
}

// reseed is kill and start on an empty disk; the old one is kept.
func (i *instance) reseed() error {
	return i.replace(func() {
		i.setAside()
		i.start(true)
	})
}

// replace ends the process and starts another in its place. To be told so again
// meanwhile changes nothing.
func (i *instance) replace(start func()) error {
	switch p := i.process; {
	case i.held:
		return errHeld
	case i.lives == 0 || p == nil:
		i.kill()
		start()
	case !i.ending:
		i.ending = true
		last := i.seen.Load()
		i.publish(last.ID, last.Started)
		time.AfterFunc(i.lives, func() {
			_ = i.order(func() error { i.end(p, start); return nil })
		})
	}
	return nil
}

// end is what happens when the time is over in which a process has to end by itself.
func (i *instance) end(p *process, start func()) {
	if i.process != nil && i.process != p {
		return // it ended before, and another one runs
	}
	i.ending = false
	i.kill()
	i.startAfter(start)
}

func (i *instance) setAside() {
	i.aside = append(i.aside, i.disk)
	i.disk = &disk.Memory{}
}
