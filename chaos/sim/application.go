package sim

import (
	"context"
	"errors"
	"time"

	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/clusters/standin/bolt"
)

// application is one with a connection through a write gateway.
type application struct {
	cluster  *Cluster
	explicit bool               // it uses explicit transactions
	client   *boltclient.Client // nil while it has none
	failures int                // to connect, in a row
}

// An application whom nobody lets in tries again after its usual pause for so many times,
// and then after longer and longer ones, as drivers do: a cluster that waited for half a
// minute did nothing but turn applications away.
const (
	tries   = 10
	longest = 8 // pauses
)

func (a *application) rest(ctx context.Context, pause time.Duration) error {
	return sleep(ctx, pause*time.Duration(min(max(1, a.failures-tries), longest)))
}

// connected tells whether there is a connection, after a try to get one.
func (a *application) connected(ctx context.Context) bool {
	if a.client != nil {
		return true
	}
	client, err := boltclient.Connect(ctx, a.cluster.network.Dial, a.cluster.anyWriteGateway())
	if err != nil {
		a.failures++
		return false
	}
	a.client, a.failures = client, 0
	return true
}

// anyWriteGateway chooses as a Service does, which does not know yet who is dead.
func (c *Cluster) anyWriteGateway() string {
	names := c.Controllers()
	return writeGateway(names[int(c.chance.float()*float64(len(names)))])
}

// calmer is how much longer an application pauses from Options.CalmAfter on.
const calmer = 4

// about is every, give or take a half, by chance.
func (c *Cluster) about(every time.Duration) func() time.Duration {
	begun, calmAfter := time.Now(), c.options.CalmAfter
	return func() time.Duration {
		pause := every/2 + c.Chance(every)
		if calmAfter > 0 && time.Since(begun) > calmAfter {
			return pause * calmer
		}
		return pause
	}
}

// ask runs a query in a transaction. After any error but a refusal the connection is
// gone.
func (a *application) ask(ctx context.Context, query string, p boltclient.Parameters) (rows []map[string]any, err error) {
	if a.explicit {
		rows, err = a.client.Transact(ctx, query, p)
	} else {
		rows, err = a.client.Query(ctx, query, p)
	}
	var refusal *bolt.Failure
	if err != nil && !errors.As(err, &refusal) {
		a.hangUp()
	}
	return rows, err
}

func (a *application) hangUp() {
	if a.client != nil {
		a.client.Close()
		a.client = nil
	}
}
