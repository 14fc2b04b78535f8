package memgraph

import (
	"context"
	"fmt"
	"strings"

	"memgraph-controller/controller/topology"
)

// ReplicaName is the name under which an instance is registered, and back: it
// swaps dashes and underscores.
func ReplicaName(instance string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-':
			return '_'
		case '_':
			return '-'
		}
		return r
	}, instance)
}

// Register registers the instance called name, which listens for its main on
// address, as a replica in mode. Nil when exactly that is registered already.
//
// The caller must just have reached the replica: an address that swallows
// packets holds up the main for 10 s. Leftovers are dropped first: a phantom of
// that name, or another registration of that name or address; so an instance
// whose address has changed must not have left a silent process at the old one
// (see Drop). It does not wait until the replica has caught up.
//
// Errors: ErrDiverged, ErrUnreachableReplica (both leave no phantom behind),
// ErrBusy when commits held the main's lock until ctx ended.
func (c *Client) Register(ctx context.Context, name string, mode topology.Mode, address string) error {
	what := fmt.Sprintf("register %s as %s at %s", name, mode, c.config.Name)
	return c.call(ctx, what, c.config.Timeout, func(ctx context.Context) error {
		want := topology.Replica{Name: name, Mode: mode, Address: address}
		statement, err := registerStatement(want)
		if err != nil {
			return err
		}
		return c.retry(ctx, func(ctx context.Context) error { return c.register(ctx, want, statement) })
	})
}

// Drop removes the registration of the instance called name; nil when there is
// none. It must never be called for a replica that does not answer although its
// process may live: that kills the main (memgraph-observed 1.2). ErrBusy when
// commits held the main's lock until ctx ended.
func (c *Client) Drop(ctx context.Context, name string) error {
	what := fmt.Sprintf("drop %s at %s", name, c.config.Name)
	return c.call(ctx, what, c.config.Timeout, func(ctx context.Context) error {
		return c.retry(ctx, func(ctx context.Context) error { return c.drop(ctx, name) })
	})
}

func registerStatement(want topology.Replica) (string, error) {
	name, err := quoteName(ReplicaName(want.Name))
	if err != nil {
		return "", err
	}
	address, err := quoteText(want.Address)
	if err != nil {
		return "", err
	}
	switch want.Mode {
	case topology.Async, topology.Sync, topology.StrictSync:
		return fmt.Sprintf("REGISTER REPLICA %s %s TO %s", name, strings.ToUpper(string(want.Mode)), address), nil
	}
	return "", fmt.Errorf("the mode has to be async, sync or strict_sync, not %q", want.Mode)
}

// register is one try. What is registered is looked at before each, so a
// refusal because of a name or address that exists is settled by the next one.
func (c *Client) register(ctx context.Context, want topology.Replica, statement string) error {
	done, err := c.clear(ctx, want)
	if done || err != nil {
		return err
	}
	_, err = c.statement(ctx, statement)
	if refusal := refused(err); refusal != nil {
		return c.settle(ctx, want.Name, refusal)
	}
	return err
}

// settle turns the refusal of a REGISTER into its meaning. After 3 (up to 3.12)
// and 5 (every version) the name stays registered, replicates nothing, and
// would become a real registration when the main restarts (issue #4510).
func (c *Client) settle(ctx context.Context, name string, refusal *Failure) error {
	switch refusal.number() {
	case registerDiverged:
		return c.withoutPhantom(ctx, name, ErrDiverged, refusal)
	case registerUnreachable:
		return c.withoutPhantom(ctx, name, ErrUnreachableReplica, refusal)
	case registerNotPersisted:
		return fmt.Errorf("the main could not write the registration to its disk: %w", refusal)
	case registerAnalytical:
		return fmt.Errorf("the main's storage is in analytical mode, in which nothing is replicated; set IN_MEMORY_TRANSACTIONAL: %w", refusal)
	case 0:
		return passing(refusal)
	}
	return again{refusal} // 6: the lock; 1 and 2: registered since it was looked at
}

func (c *Client) withoutPhantom(ctx context.Context, name string, meaning error, refusal *Failure) error {
	if err := c.retry(ctx, func(ctx context.Context) error { return c.drop(ctx, name) }); err != nil {
		return fmt.Errorf("%w: %w; what it left behind could not be dropped: %w", meaning, refusal, err)
	}
	return fmt.Errorf("%w: %w", meaning, refusal)
}

// clear drops registrations that are in the way of want; true when want itself
// is registered and works.
func (c *Client) clear(ctx context.Context, want topology.Replica) (bool, error) {
	replicas, err := readReplicas(ctx, c.statement)
	if err != nil {
		return false, err
	}
	for _, found := range replicas {
		if found.Name != want.Name && found.Address != want.Address {
			continue
		}
		if serves(found, want) {
			return true, nil
		}
		c.log.Info("dropping a registration that is in the way", "replica", found, "wanted", want)
		if err := c.drop(ctx, found.Name); err != nil {
			return false, err
		}
	}
	return false, nil
}

// serves tells whether found is the registration that is wanted and one that
// can ever replicate: a phantom never does, a diverged one not any more.
func serves(found, want topology.Replica) bool {
	return found.Name == want.Name && found.Mode == want.Mode && found.Address == want.Address &&
		found.Status != topology.StatusPhantom && found.Status != topology.StatusDiverged
}

// drop is one try. Whether a refusal means "busy" or "no such name" is asked
// and not read from its text.
func (c *Client) drop(ctx context.Context, name string) error {
	quoted, err := quoteName(ReplicaName(name))
	if err != nil {
		return err
	}
	_, err = c.statement(ctx, "DROP REPLICA "+quoted)
	refusal := refused(err)
	if refusal == nil {
		return err
	}
	replicas, err := readReplicas(ctx, c.statement)
	if err != nil {
		return err
	}
	for _, replica := range replicas {
		if replica.Name == name {
			return passing(refusal)
		}
	}
	return nil
}
