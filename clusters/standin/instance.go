package standin

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

// segmentationFault is the exit code of a process that died of signal 11.
const segmentationFault = 139

// Death is why an instance ended by itself, as a process would.
type Death struct {
	Code   int // the process's exit code
	Reason string
}

func (d *Death) Error() string { return d.Reason }

// ErrGone is what sessions get from an instance that has ended; over a socket
// it is the end of the connection.
var ErrGone = fmt.Errorf("standin: the instance has ended: %w", bolt.ErrHangUp)

// Instance is one running stand-in. Its methods may be called concurrently.
type Instance struct {
	config  Config
	log     *slog.Logger
	version version
	chance  *chance
	disk    *disk.Fenced
	engine  *engine
	users   *users
	faults  *Faults
	open    openTransactions

	life    context.Context // ends with the instance
	end     context.CancelFunc
	running sync.WaitGroup
	state   stateLock // of role and registrations; held by commits as readers
	system  semaphore // one statement at a time that changes roles, registrations, users

	mu     sync.Mutex // never held across a wait
	role   role
	bolt   *bolt.Server
	server *replication.Server // of a replica
	mode   storageMode
	death  *Death
}

// Start recovers the data, restores role and registrations, and opens Bolt.
// With registered replicas that are silent this takes up to 40 s for each, as
// it does with Memgraph. The context is for the start alone.
func Start(ctx context.Context, config Config) (*Instance, error) {
	i, err := prepareInstance(config)
	if err != nil {
		return nil, err
	}
	abandon := context.AfterFunc(ctx, i.end)
	err = i.start()
	if !abandon() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		i.Kill()
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	return i, nil
}

func prepareInstance(config Config) (*Instance, error) {
	version, err := parseVersion(config.Version)
	if err != nil {
		return nil, err
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	life, end := context.WithCancel(context.Background())
	i := &Instance{
		config: config, log: config.Log.With("instance", config.Name), version: version,
		chance: &chance{source: config.Random}, faults: &Faults{},
		life: life, end: end, system: newSemaphore(), mode: transactional,
	}
	i.disk = &disk.Fenced{Disk: config.Disk, BeforeSync: func() error { return i.faults.sync(life) }}
	i.engine = newEngine(i.disk, config.Flags, i.chance)
	i.users = &users{disk: i.disk, chance: i.chance}
	return i, nil
}

func (i *Instance) start() error {
	i.running.Go(func() {
		<-i.life.Done()
		i.release()
	})
	if err := i.restoreRole(); err != nil {
		return err
	}
	if err := i.users.load(); err != nil {
		return err
	}
	if err := i.recoverData(); err != nil {
		return err
	}
	if err := i.users.ensure(i.config.InitialUsername, i.config.InitialPassword); err != nil {
		return err
	}
	if i.role.Replica {
		if err := i.openServer(i.role.Port); err != nil {
			return err
		}
	} else {
		i.reconnect()
	}
	if i.config.StorageSnapshotInterval > 0 {
		i.running.Go(i.snapshotPeriodically)
	}
	return i.openBolt()
}

func (i *Instance) recoverData() error {
	if !i.config.DataRecoveryOnStartup {
		return wal.SetAside(i.disk)
	}
	notes, err := i.engine.recover()
	for _, note := range notes {
		i.log.Warn("dropped while recovering", "what", note)
	}
	return err
}

func (i *Instance) openBolt() error {
	if i.config.BoltAddress == "" {
		return nil
	}
	listener, err := i.config.Listen(i.life, "tcp", i.config.BoltAddress)
	if err != nil {
		return fmt.Errorf("bolt address %s: %w", i.config.BoltAddress, err)
	}
	server := bolt.NewServer(bolt.Config{
		Backend: i.Backend(), Agent: i.config.BoltServerName, Bolt44: i.version.atLeast(3, 12), Log: i.log,
	})
	i.mu.Lock()
	i.bolt = server
	i.mu.Unlock()
	listener = &frozenListener{Listener: listener, faults: i.faults, life: i.life}
	if i.config.BoltTLS != nil {
		listener = tls.NewListener(listener, i.config.BoltTLS)
	}
	i.running.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, net.ErrClosed) {
			i.die(1, fmt.Sprintf("bolt: %v", err))
		}
	})
	return nil
}

// Backend serves sessions without a socket.
func (i *Instance) Backend() bolt.Backend { return backend{i} }

// Faults makes the instance misbehave.
func (i *Instance) Faults() *Faults { return i.faults }

// Kill ends the instance as kill -9 does: what was written stays on the disk,
// nothing else is. It returns when nothing of it runs any more.
func (i *Instance) Kill() {
	i.disk.Cut()
	i.end()
	i.release()
	i.running.Wait()
	_ = i.engine.log.Close() // nothing is lost: every write went to the disk
}

// release closes what an ended instance holds open to others.
func (i *Instance) release() {
	i.mu.Lock()
	front, server := i.bolt, i.server
	i.mu.Unlock()
	if front != nil {
		_ = front.Close() // closes connections; there is nothing to be done about a failure
	}
	for _, peer := range i.connected() {
		peer.Kill()
	}
	if server != nil {
		server.Close()
	}
}

// Shutdown ends the instance as SIGTERM does, with a snapshot where that is set
// and one is due. It waits for a commit in flight, for 30 s if need be; when
// the context ends before that, the instance goes on.
func (i *Instance) Shutdown(ctx context.Context) error {
	if err := i.engine.lock.lock(ctx); err != nil {
		return fmt.Errorf("shut down %s: a commit is in flight: %w", i.config.Name, err)
	}
	i.engine.lock.unlock()
	if i.config.StorageSnapshotOnExit && i.snapshotDue() {
		if _, err := i.createSnapshot(); err != nil {
			i.log.Error("no snapshot on exit", "error", err)
		}
	}
	i.stopFollowing()
	if err := i.engine.lock.lock(ctx); err != nil {
		return fmt.Errorf("shut down %s: %w", i.config.Name, err)
	}
	err := i.engine.log.Rotate()
	i.engine.lock.unlock()
	i.Kill()
	return err
}

// stopFollowing hears no main any more. What a main has asked for already is
// done first, which takes the engine's lock.
func (i *Instance) stopFollowing() {
	i.mu.Lock()
	server := i.server
	i.mu.Unlock()
	if server != nil {
		server.Close()
	}
}

// die ends the instance from within. Died tells it to whoever runs it, who
// then calls Kill.
func (i *Instance) die(code int, reason string) {
	i.mu.Lock()
	if i.death == nil {
		i.death = &Death{Code: code, Reason: reason}
	}
	i.mu.Unlock()
	i.log.Error("the process dies", "reason", reason, "code", code)
	i.disk.Cut()
	i.end()
}

// Died is closed when the instance has ended, by itself or not.
func (i *Instance) Died() <-chan struct{} { return i.life.Done() }

// Death returns why the instance ended by itself; nil if it did not.
func (i *Instance) Death() *Death {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.death
}
