package standin

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

// What REGISTER REPLICA ends with: "Couldn't register replica x. Error: n".
const (
	nameExists     = 1
	endpointExists = 2
	diverged       = 3
	notPersisted   = 4
	notAccepted    = 5 // unreachable, or itself a main
	lockBusy       = 6
)

// dropGrace is what DROP REPLICA takes with a silent replica to which nothing
// is under way [14f].
const dropGrace = time.Second

// defaultPort is where a replica listens whose address names no port.
const defaultPort = 10000

// register is REGISTER REPLICA. The replication state stays locked while the
// replica is asked, 10 s for a silent one.
func (i *Instance) register(name, address string, mode replication.Mode) error {
	if !i.isMain() {
		return refuse("Replica can't register another replica!")
	}
	if !i.state.tryLock() {
		return registerError(name, lockBusy)
	}
	defer i.state.unlock()
	endpoint, ok := parseEndpoint(address)
	if !ok {
		return errAddress
	}
	if n := i.taken(name, endpoint); n != 0 {
		return registerError(name, n)
	}
	entry := registration{Name: name, Address: endpoint, Mode: mode}
	if err := i.changeRole(func(r *role) { r.Replicas = append(r.Replicas, entry) }); err != nil {
		return registerError(name, notPersisted)
	}
	return i.connect(entry)
}

// connect makes a registration a live one. On failure it stays behind as a
// phantom: for Error 5 in every version, for Error 3 up to 3.12 (#4510).
func (i *Instance) connect(entry registration) error {
	peer := i.newPeer(entry)
	if err := peer.Claim(); err != nil {
		i.log.Error("replica does not accept its main", "replica", entry.Name, "error", err)
		peer.Kill()
		return registerError(entry.Name, notAccepted)
	}
	peer.Align()
	peer.Check(i.life)
	if status, _ := peer.State(); status == replication.Diverged {
		peer.Kill()
		if i.version.atLeast(3, 13) {
			if err := i.changeRole(func(r *role) { r.remove(entry.Name) }); err != nil {
				return err
			}
		}
		return registerError(entry.Name, diverged)
	}
	peer.Start()
	i.attach(entry.Name, peer)
	return nil
}

// reconnect brings the registrations of a restarted main back, each with up to
// 40 s for a silent replica. Bolt opens after it (memgraph-observed 2).
func (i *Instance) reconnect() {
	var peers []*replication.Peer
	for _, entry := range i.role.Replicas {
		peer := i.newPeer(entry)
		peer.Align()
		peers = append(peers, peer)
		i.attach(entry.Name, peer)
	}
	for _, peer := range peers {
		peer.Check(i.life)
	}
	for _, peer := range peers {
		peer.Start()
	}
}

func (i *Instance) newPeer(entry registration) *replication.Peer {
	return replication.NewPeer(i.life, replication.PeerConfig{
		Name: entry.Name, Address: entry.Address, Mode: entry.Mode,
		Dial: i.config.Dial, Gate: i.faults.message, Source: source{i},
		Every: i.config.ReplicationReplicaCheckFrequency, Log: i.log,
	})
}

func (i *Instance) attach(name string, peer *replication.Peer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.role.Replicas = slices.Clone(i.role.Replicas)
	for n := range i.role.Replicas {
		if i.role.Replicas[n].Name == name {
			i.role.Replicas[n].peer = peer
		}
	}
}

// drop is DROP REPLICA. With replication work pending to a replica that does
// not answer it hangs, and then the process dies (memgraph-observed 1.2).
func (i *Instance) drop(name string) error {
	if !i.isMain() {
		return refuse("Replica can't unregister a replica! Please rerun the query on main in order to unregister a replica from the cluster.")
	}
	if !i.state.tryLock() {
		return refuse("Failed to unregister replica due to lack of unique access over the cluster state. Please try again later on.")
	}
	defer i.state.unlock()
	entry, ok := i.registered(name)
	if !ok {
		return refuse("Failed to unregister the replica %s.", name)
	}
	if err := i.changeRole(func(r *role) { r.remove(name) }); err != nil {
		return refuse("Failed to unregister the replica %s.", name)
	}
	if entry.peer == nil {
		return nil
	}
	if !entry.peer.Idle(dropGrace) {
		return i.hang()
	}
	entry.peer.Close(dropGrace)
	return i.life.Err()
}

// hang waits, with the replication state locked, and ends the process.
func (i *Instance) hang() error {
	if err := pause(i.life, i.chance.between(i.config.DropSilentMin, i.config.DropSilentMax)); err != nil {
		return err
	}
	i.die(segmentationFault, "segmentation fault")
	return context.Canceled
}

func (i *Instance) registered(name string) (registration, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.role.Replicas {
		if r.Name == name {
			return r, true
		}
	}
	return registration{}, false
}

func (i *Instance) taken(name, endpoint string) int {
	if _, ok := i.registered(name); ok {
		return nameExists
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.role.Replicas {
		if r.Address == endpoint {
			return endpointExists
		}
	}
	return 0
}

func (r *role) remove(name string) {
	r.Replicas = slices.DeleteFunc(r.Replicas, func(e registration) bool { return e.Name == name })
}

// source is the instance as its replicas' peers see it.
type source struct{ *Instance }

func (i source) Position() replication.Position { return i.engine.position(i.mainUUID()) }

func (i source) LockEngine(ctx context.Context) (func(), error) {
	if err := i.engine.lock.lock(ctx); err != nil {
		return nil, err
	}
	return i.engine.lock.unlock, nil
}

func (i source) Missing(ts uint64) (wal.Missing, error) {
	return i.engine.log.Missing(i.engine.identity().Storage, ts)
}

var errAddress = refuse("Invalid socket address. The socket address must be a string defining the address and port, delimited by a single colon. The address must be valid and the port must be an integer.")

// parseEndpoint reads "host" or "host:port". Names are kept as they are and
// resolved at every connection.
func parseEndpoint(address string) (string, bool) {
	host, port, found := strings.Cut(address, ":")
	if !found {
		port = strconv.Itoa(defaultPort)
	}
	n, err := strconv.Atoi(port)
	if host == "" || err != nil || n < 0 || n > 65535 {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

func registerError(name string, n int) error {
	return refuse("Couldn't register replica %s. Error: %d", name, n)
}
