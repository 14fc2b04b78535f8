package conformance

import (
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type assertCollect = assert.CollectT

const toMain = "SET REPLICATION ROLE TO MAIN"

func (i *instance) toReplica() string {
	_, port := i.replication()
	return toReplicaAt(port)
}

func toReplicaAt(port int) string {
	return fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", port)
}

func (i *instance) demote()  { i.t.Helper(); i.run(i.toReplica()) }
func (i *instance) promote() { i.t.Helper(); i.run(toMain) }

// role is what i says of its role.
func (i *instance) role() string {
	i.t.Helper()
	return i.run("SHOW REPLICATION ROLE").rows[0][0].(string)
}

// is tells what i says of its role.
func (i *instance) is(role string) {
	i.t.Helper()
	i.expect("SHOW REPLICATION ROLE", []any{role})
}

func registration(replica *instance, mode string) string {
	return registrationAt(replica.name, mode, replica.address())
}

func registrationAt(name, mode, address string) string {
	return fmt.Sprintf("REGISTER REPLICA %s %s TO %q", name, mode, address)
}

// register registers replica, which is accepted and becomes ready.
func (i *instance) register(replica *instance, mode string) {
	i.t.Helper()
	i.run(registration(replica, mode))
	i.showsSoon(replica.name, "ready")
}

// refuseRegister registers replica, which is refused with this number.
func (i *instance) refuseRegister(replica *instance, mode string, number int) {
	i.t.Helper()
	i.refuseRegisterAt(replica.name, mode, replica.address(), number)
}

func (i *instance) refuseRegisterAt(name, mode, address string, number int) {
	i.t.Helper()
	i.refuse(registrationAt(name, mode, address), final, fmt.Sprintf("Couldn't register replica %s. Error: %d", name, number))
}

// nobody is an address where no instance listens, wherever the main runs.
const nobody = "127.0.0.1:1"

// row is what a main shows of one replica.
type row struct {
	address, mode, status string
	ts, behind            int64
}

// phantom is the status of a registration that replicates nothing: its
// data_info is an empty map.
const phantom = "phantom"

// replicas is SHOW REPLICAS; it checks columns and types on the way.
func (i *instance) replicas() map[string]row {
	i.t.Helper()
	shown := i.run("SHOW REPLICAS")
	require.Equal(i.t, []string{"name", "socket_address", "sync_mode", "system_info", "data_info"}, shown.columns)
	for _, values := range shown.rows {
		require.Nil(i.t, values[3], "system_info")
		if data := values[4].(map[string]any); len(data) > 0 {
			require.Len(i.t, data, 1)
			require.Len(i.t, data["memgraph"], 3)
		}
	}
	replicas := readReplicas(shown)
	for name, found := range replicas {
		require.Contains(i.t, []string{"ready", "replicating", "recovery", "invalid", phantom}, found.status, name)
	}
	return replicas
}

// readReplicas reads a result of SHOW REPLICAS.
func readReplicas(shown table) map[string]row {
	replicas := map[string]row{}
	for _, values := range shown.rows {
		found := row{address: values[1].(string), mode: values[2].(string), status: phantom}
		if data := values[4].(map[string]any); len(data) > 0 {
			info := data["memgraph"].(map[string]any)
			found.status, found.ts, found.behind = info["status"].(string), info["ts"].(int64), info["behind"].(int64)
		}
		replicas[values[0].(string)] = found
	}
	return replicas
}

// shows tells the status of one replica now, and returns the whole of it.
func (i *instance) shows(name, status string) row {
	i.t.Helper()
	found, ok := i.replicas()[name]
	require.True(i.t, ok, "%s does not show %s", i.name, name)
	require.Equal(i.t, status, found.status, "%s on %s: %+v", name, i.name, found)
	return found
}

// showsSoon waits for the status, and for ready also until nothing is missing.
func (i *instance) showsSoon(name, status string) {
	i.t.Helper()
	var last row
	require.Eventually(i.t, func() bool {
		last = i.replicas()[name]
		return last.status == status && (status != "ready" || last.behind == 0)
	}, patience, pause, "%s never shows %s as %s", i.name, name, status)
}

// showsNone tells that no replica is registered.
func (i *instance) showsNone() {
	i.t.Helper()
	require.Empty(i.t, i.replicas(), "replicas of %s", i.name)
}

// refresh gives a main a new epoch and the same replicas.
func (i *instance) refresh(voter, other *instance) {
	i.t.Helper()
	i.demote()
	i.promote()
	i.register(voter, "STRICT_SYNC")
	i.register(other, "ASYNC")
}
