package controller

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// fleet is a fleet of fake databases that do what they are told at once. It
// tests the loop, not the rules: what a real database does stands in the
// stand-in.
type fleet struct {
	mu        sync.Mutex
	databases map[string]*fakeDatabase
	order     []string
	changes   chan struct{}
	others    []chan struct{} // of further controllers
	calls     []string
	restarted []string
}

type fakeDatabase struct {
	fleet    *fleet
	process  Process
	role     topology.Role
	uuid     string
	replicas []topology.Replica
	silent   bool
	users    []string
	mode     string // of its storage
	settings memgraph.Settings
	// settingsRead is how many times they were asked for.
	settingsRead int
	// refuse lets a call fail, slow lets it take its time.
	refuse map[string]error
	slow   map[string]time.Duration
	// deadlines are the contexts' deadlines of the last calls, by name.
	deadlines map[string]time.Time
}

func newFleet(names ...string) *fleet {
	f := &fleet{databases: map[string]*fakeDatabase{}, order: names, changes: make(chan struct{}, 1)}
	for n, name := range names {
		f.databases[name] = &fakeDatabase{
			fleet: f, role: topology.RoleMain, uuid: "uuid of " + name, refuse: map[string]error{}, slow: map[string]time.Duration{}, deadlines: map[string]time.Time{},
			process: Process{Name: name, Bolt: name + ":7687", Replication: name + ":10000", ID: strconv.Itoa(n + 1), Started: time.Now().Add(-time.Second)},
		}
	}
	return f
}

func (f *fleet) List() []Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Process
	for _, name := range f.order {
		list = append(list, f.databases[name].process)
	}
	return list
}

func (f *fleet) Changes() <-chan struct{} { return f.changes }

func (f *fleet) change(name string, change func(*fakeDatabase)) {
	f.mu.Lock()
	change(f.databases[name])
	f.mu.Unlock()
	for _, changes := range append([]chan struct{}{f.changes}, f.others...) {
		select {
		case changes <- struct{}{}:
		default:
		}
	}
}

// shared is the fleet as a further controller sees it.
type shared struct {
	*fleet
	changes chan struct{}
}

func (s shared) Changes() <-chan struct{} { return s.changes }

func (f *fleet) share() shared {
	s := shared{f, make(chan struct{}, 1)}
	f.others = append(f.others, s.changes)
	return s
}

// Restart cures a database that refused something.
func (f *fleet) Restart(_ context.Context, name string) error {
	f.change(name, (*fakeDatabase).restart)
	return nil
}

func (d *fakeDatabase) restart() {
	d.process.ID, d.role, d.replicas = d.process.ID+"'", topology.RoleMain, nil
	d.process.Dead, d.process.Failures = false, 0
	clear(d.refuse)
	d.fleet.restarted = append(d.fleet.restarted, d.process.Name)
}

func (f *fleet) Reseed(ctx context.Context, name, _ string) error { return f.Restart(ctx, name) }

// kill ends a process for good.
func (f *fleet) kill(name string) { f.change(name, func(d *fakeDatabase) { d.process.Dead = true }) }

func (f *fleet) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// hidden is a database behind a cut link: to one observer it is silent.
type hidden struct {
	*fakeDatabase
	cut *atomic.Bool
}

func (h hidden) Ask(ctx context.Context) (topology.Answer, error) {
	if h.cut.Load() {
		<-ctx.Done()
		return topology.Answer{}, ctx.Err()
	}
	return h.fakeDatabase.Ask(ctx)
}

// call is what every statement has in common.
func (d *fakeDatabase) call(ctx context.Context, what string, do func()) error {
	d.fleet.mu.Lock()
	silent, dead, slow := d.silent, d.process.Dead, d.slow[what]
	d.deadlines[what], _ = ctx.Deadline()
	d.fleet.mu.Unlock()
	if silent {
		<-ctx.Done()
		return ctx.Err()
	}
	if dead {
		return syscall.ECONNREFUSED
	}
	time.Sleep(slow)
	d.fleet.mu.Lock()
	defer d.fleet.mu.Unlock()
	if err := d.refuse[what]; err != nil {
		return err
	}
	if what != "ask" && what != "storage" && what != "settings" {
		d.fleet.calls = append(d.fleet.calls, what+" "+d.process.Name)
	}
	do()
	return nil
}

func (d *fakeDatabase) Ask(ctx context.Context) (answer topology.Answer, err error) {
	err = d.call(ctx, "ask", func() {
		answer = topology.Answer{Role: d.role, Replicas: append([]topology.Replica(nil), d.replicas...)}
	})
	return answer, err
}

func (d *fakeDatabase) Storage(ctx context.Context) (storage memgraph.Storage, err error) {
	err = d.call(ctx, "storage", func() { storage = memgraph.Storage{UUID: d.uuid, Empty: true, Mode: d.mode} })
	return storage, err
}

func (d *fakeDatabase) Settings(ctx context.Context) (settings memgraph.Settings, err error) {
	err = d.call(ctx, "settings", func() { d.settingsRead++; settings = d.settings })
	return settings, err
}

func (d *fakeDatabase) Promote(ctx context.Context) error {
	return d.call(ctx, "promote", func() { d.role, d.replicas = topology.RoleMain, nil })
}

func (d *fakeDatabase) Demote(ctx context.Context) error {
	return d.call(ctx, "demote", func() { d.role, d.replicas = topology.RoleReplica, nil })
}

func (d *fakeDatabase) Register(ctx context.Context, name string, mode topology.Mode, address string) error {
	return d.call(ctx, "register "+name+" at", func() {
		d.drop(name)
		d.fleet.databases[name].uuid = d.uuid
		d.replicas = append(d.replicas, topology.Replica{Name: name, Address: address, Mode: mode, Status: topology.StatusReady})
	})
}

func (d *fakeDatabase) Drop(ctx context.Context, name string) error {
	return d.call(ctx, "drop "+name+" at", func() { d.drop(name) })
}

func (d *fakeDatabase) drop(name string) {
	var kept []topology.Replica
	for _, r := range d.replicas {
		if r.Name != name {
			kept = append(kept, r)
		}
	}
	d.replicas = kept
}

func (d *fakeDatabase) Mark(ctx context.Context) error { return d.call(ctx, "mark", func() {}) }

func (d *fakeDatabase) EnsureUser(ctx context.Context, user, _ string) error {
	return d.call(ctx, "user", func() { d.users = append(d.users, user) })
}

func (d *fakeDatabase) Close() {}

// memoryStore keeps the record in memory.
type memoryStore struct {
	mu      sync.Mutex
	record  topology.Record
	version int
	broken  error
	changes chan struct{}
	saved   []topology.Record
}

func newStore() *memoryStore { return &memoryStore{changes: make(chan struct{}, 1)} }

func (s *memoryStore) Load(context.Context) (topology.Record, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken != nil:
		return topology.Record{}, "", s.broken
	case s.version == 0:
		return topology.Record{}, "", ErrNoRecord
	}
	return s.record, strconv.Itoa(s.version), nil
}

func (s *memoryStore) Save(_ context.Context, r topology.Record, version string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version != "" && version != strconv.Itoa(s.version) || version == "" && s.version != 0 {
		return "", ErrConflict
	}
	s.version++
	s.record = r
	s.saved = append(s.saved, r)
	return strconv.Itoa(s.version), nil
}

func (s *memoryStore) Changes() <-chan struct{} { return s.changes }

// edit changes the record behind the controller's back.
func (s *memoryStore) edit(change func(*topology.Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.record)
	s.version++
}

func (s *memoryStore) setBroken(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *memoryStore) current() topology.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record
}

// lease is one that a test can end.
type lease struct {
	mu    sync.Mutex
	until time.Time
}

func (l *lease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

func (l *lease) Leader() string { return "test" }

func (l *lease) set(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
}

// silentListener accepts nobody.
type silentListener struct{ closed chan struct{} }

func (l silentListener) Accept() (net.Conn, error) { <-l.closed; return nil, net.ErrClosed }
func (l silentListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}
func (l silentListener) Addr() net.Addr { return &net.TCPAddr{} }

func quietGateway(name string) *gateway.Gateway {
	return quietGatewayWith(gateway.Config{Name: name})
}

func quietGatewayWith(config gateway.Config) *gateway.Gateway {
	config.Address = "test:1"
	config.Listen = func(context.Context, string, string) (net.Listener, error) {
		return silentListener{make(chan struct{})}, nil
	}
	return gateway.New(config)
}

// running is a controller at work in a bubble of virtual time.
type running struct {
	*Controller
	t     *testing.T
	fleet *fleet
	store *memoryStore
	lease *lease
	end   context.CancelFunc // asks Run to end
}

// inBubble runs a controller over three fake databases. It ends with the test.
func inBubble(t *testing.T, test func(*testing.T, running), options ...func(*Config)) {
	synctest.Test(t, func(t *testing.T) {
		r := running{t: t, fleet: newFleet("a", "b", "c"), store: newStore(), lease: &lease{until: time.Now().Add(24 * time.Hour)}}
		config := Config{
			Name: "test", Fleet: r.fleet, Store: r.store, Lease: r.lease, Policy: topology.DefaultPolicy(),
			Connect: func(p Process) (Database, error) { return r.fleet.databases[p.Name], nil },
			Write:   quietGateway("rw"), Read: quietGateway("ro"),
		}
		for _, option := range options {
			option(&config)
		}
		var err error
		r.Controller, err = New(config)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		r.end = cancel
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		test(t, r)
		cancel()
		require.NoError(t, <-done)
	})
}

// until lets virtual time pass until the record is as wanted.
func (r running) until(what string, wanted func(topology.Record) bool) topology.Record {
	r.t.Helper()
	for range 2000 {
		synctest.Wait()
		if record := r.store.current(); wanted(record) {
			return record
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatalf("never: %s; %s", what, r.Status().Routing.Decision.Reason)
	return topology.Record{}
}

func (r running) open() topology.Record {
	r.t.Helper()
	return r.until("the gate is open with a main and a voter", func(record topology.Record) bool {
		return record.Gate == topology.GateOpen && record.Main != "" && record.Voter != ""
	})
}

var errRefused = errors.New("refused for the test")
