package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"memgraph-controller/clusters/standin/replication"
)

const roleFile = "replication/state.json"

// demoteGrace is how long a demotion waits for heartbeats in flight: the 5 s
// that were seen with a silent replica (memgraph-observed 1.2).
const demoteGrace = 5 * time.Second

// role is what an instance remembers of replication.
type role struct {
	Replica bool   `json:"replica"`
	Port    int    `json:"port,omitempty"` // of the replication server
	UUID    string `json:"main_uuid"`      // the own one, or that of the main obeyed
	// Replicas are a main's registrations.
	Replicas []registration `json:"replicas,omitempty"`
}

// registration is one line of SHOW REPLICAS.
type registration struct {
	Name    string           `json:"name"`
	Address string           `json:"address"`
	Mode    replication.Mode `json:"mode"`
	// peer is nil for a phantom: a registration that failed with Error 3 or 5
	// and replicates nothing until the main is restarted.
	peer *replication.Peer
}

// restoreRole reads the role; a disk without one is that of a new main.
func (i *Instance) restoreRole() error {
	i.role = role{UUID: i.chance.uuid()}
	if !i.config.ReplicationRestoreStateOnStartup {
		return nil
	}
	data, err := i.disk.Read(roleFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replication state: %w", err)
	}
	if err := json.Unmarshal(data, &i.role); err != nil {
		return fmt.Errorf("replication state %s: %w", roleFile, err)
	}
	slices.SortFunc(i.role.Replicas, func(a, b registration) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// changeRole changes the role in memory and on disk.
func (i *Instance) changeRole(change func(r *role)) error {
	i.mu.Lock()
	next := i.role
	next.Replicas = slices.Clone(next.Replicas)
	change(&next)
	i.role = next
	i.mu.Unlock()
	if !i.config.ReplicationRestoreStateOnStartup {
		return nil
	}
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return i.disk.Replace(roleFile, data)
}

func (i *Instance) isMain() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.role.Replica
}

func (i *Instance) mainUUID() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.role.UUID
}

// obey makes another main the one that is obeyed: SwapMainUUID.
func (i *Instance) obey(uuid string) bool {
	i.log.Info("obeying another main", "main", uuid)
	return i.changeRole(func(r *role) { r.UUID = uuid }) == nil
}

var (
	errPromote = refuse("Couldn't set replication role to main!")
	errDemote  = refuse("Couldn't set role to replica!")
)

// promote is SET REPLICATION ROLE TO MAIN. That the lock is busy and that the
// instance is a main already look the same. A transaction that was prepared for
// the old main is discarded, whatever that main tells its client.
func (i *Instance) promote() error {
	if !i.state.tryLock() {
		return errPromote
	}
	defer i.state.unlock()
	if i.isMain() {
		return errPromote
	}
	if err := i.closeServer(); err != nil {
		return err
	}
	if err := i.engine.lock.lock(i.life); err != nil {
		return err
	}
	defer i.engine.lock.unlock()
	i.engine.hold(nil)
	if err := i.written(i.engine.log.Rotate()); err != nil {
		return err
	}
	epoch := i.chance.uuid()
	if err := i.changeRole(func(r *role) { *r = role{UUID: i.chance.uuid()} }); err != nil {
		return errPromote
	}
	i.engine.leaveEpoch(epoch)
	i.log.Info("promoted to main", "epoch", epoch)
	return nil
}

// closeServer lets the call that is being handled end, and takes as long as
// Memgraph does. A replica that could not bind its port has no server.
func (i *Instance) closeServer() error {
	i.mu.Lock()
	server := i.server
	i.server = nil
	i.mu.Unlock()
	if server == nil {
		return nil
	}
	delay := i.config.PromoteIdle
	if server.Attached() {
		delay = i.config.PromoteAttached
	}
	server.Close()
	return pause(i.life, delay)
}

// demote is SET REPLICATION ROLE TO REPLICA WITH PORT n. It forgets all
// replicas. If the port cannot be bound the role has changed all the same, and
// there is no server [13a].
func (i *Instance) demote(port int) error {
	if !i.state.tryLock() {
		return errDemote
	}
	defer i.state.unlock()
	if !i.isMain() {
		return errDemote
	}
	for _, peer := range i.connected() {
		peer.Close(demoteGrace)
	}
	if err := i.life.Err(); err != nil {
		return err
	}
	if err := i.changeRole(func(r *role) { *r = role{Replica: true, Port: port, UUID: i.chance.uuid()} }); err != nil {
		return errDemote
	}
	if err := i.openServer(port); err != nil {
		i.log.Error("unable to start the replication server", "port", port, "error", err)
		return errDemote
	}
	i.log.Info("demoted to replica", "port", port)
	return nil
}

// openServer starts to listen to mains.
func (i *Instance) openServer(port int) error {
	listener, err := i.config.Listen(i.life, "tcp", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return fmt.Errorf("replication port %d: %w", port, err)
	}
	server := replication.Serve(i.life, listener, obedient{i}, i.faults.message, i.log)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.server = server
	return nil
}

// connected returns the peers of all registrations but phantoms.
func (i *Instance) connected() []*replication.Peer {
	i.mu.Lock()
	defer i.mu.Unlock()
	var peers []*replication.Peer
	for _, r := range i.role.Replicas {
		if r.peer != nil {
			peers = append(peers, r.peer)
		}
	}
	return peers
}
