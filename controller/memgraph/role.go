package memgraph

import (
	"context"
	"fmt"

	"memgraph-controller/controller/topology"
)

// Promote makes the instance a main; nil when it already is one. It takes 0.1
// to 0.2 s, because the server waits for its replication server to close. The
// new main knows no replicas and takes writes at once. ErrBusy when the server
// was applying a commit until ctx ended.
func (c *Client) Promote(ctx context.Context) error {
	return c.call(ctx, "promote "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		return c.become(ctx, topology.RoleMain, "SET REPLICATION ROLE TO MAIN")
	})
}

// Demote makes the instance a replica that listens on the port of its
// replication address, and forgets its registrations; nil when it already is a
// replica. Success proves that no commit was in flight. ErrBusy when commits
// held the lock until ctx ended, ErrNoReplicationServer when the port is taken.
func (c *Client) Demote(ctx context.Context) error {
	return c.call(ctx, "demote "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		return c.become(ctx, topology.RoleReplica,
			fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", c.replicationPort))
	})
}

// become asks for the role before each try and after each refusal, because the
// server says the same when it is busy and when it has that role already.
func (c *Client) become(ctx context.Context, role topology.Role, statement string) error {
	return c.retry(ctx, func(ctx context.Context) error {
		before, err := readRole(ctx, c.statement)
		if err != nil || before == role {
			return passing(err)
		}
		_, err = c.statement(ctx, statement)
		refusal := refused(err)
		if refusal == nil {
			return err
		}
		after, err := readRole(ctx, c.statement)
		switch {
		case err != nil:
			return passing(err)
		case after != role:
			return passing(refusal)
		case role == topology.RoleReplica:
			return c.withoutServer(refusal)
		}
		return nil
	})
}

// withoutServer is a demotion that was refused and took place all the same: the
// role changes before the port is bound, and stays when it cannot be
// (memgraph-observed, transcript 13a). Another controller that demoted it in
// the same moment looks alike; then the next Demote finds a good replica.
func (c *Client) withoutServer(refusal *Failure) error {
	return fmt.Errorf("%w: port %d may be taken by another program; free it, then promote and demote the instance or restart it: %w",
		ErrNoReplicationServer, c.replicationPort, refusal)
}
