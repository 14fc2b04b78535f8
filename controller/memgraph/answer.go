package memgraph

import (
	"context"
	"strings"
	"time"

	"memgraph-controller/controller/topology"
)

const (
	showRole     = "SHOW REPLICATION ROLE"
	showReplicas = "SHOW REPLICAS"
)

// runner runs one statement, on whichever connection.
type runner func(ctx context.Context, query string) ([]row, error)

// Ask asks for the role and, of a main, for its replicas, over a connection that is
// kept for questions. Both are answered in about a millisecond even by a main whose
// commits hang (memgraph-observed 1.3); they start no transaction. Of several
// questions at once none waits for another.
func (c *Client) Ask(ctx context.Context) (answer topology.Answer, err error) {
	err = c.call(ctx, "ask "+c.config.Name, c.config.AskTimeout, func(ctx context.Context) error {
		l := c.lineForQuestions()
		answer, err = ask(ctx, l.Run)
		c.doneAsking(ctx, l, err)
		return err
	})
	return answer, err
}

func ask(ctx context.Context, run runner) (topology.Answer, error) {
	asked := time.Now()
	role, err := readRole(ctx, run)
	if err != nil {
		return topology.Answer{}, err
	}
	answer := topology.Answer{Asked: asked, Role: role}
	if role != topology.RoleMain {
		return answer, nil
	}
	if answer.Replicas, err = readReplicas(ctx, run); err == nil {
		return answer, nil
	}
	// It may have been demoted between the two questions.
	if refused(err) != nil {
		if now, errNow := readRole(ctx, run); errNow == nil && now == topology.RoleReplica {
			return topology.Answer{Asked: asked, Role: now}, nil
		}
	}
	return topology.Answer{}, err
}

func readRole(ctx context.Context, run runner) (topology.Role, error) {
	rows, err := run(ctx, showRole)
	if err != nil {
		return topology.RoleUnknown, err
	}
	if len(rows) != 1 {
		return topology.RoleUnknown, malformed(showRole, "%d rows", len(rows))
	}
	text, _ := rows[0]["replication role"].(string)
	role := topology.Role(strings.ToLower(text))
	if role != topology.RoleMain && role != topology.RoleReplica {
		return topology.RoleUnknown, malformed(showRole, "%v", rows[0])
	}
	return role, nil
}

func readReplicas(ctx context.Context, run runner) ([]topology.Replica, error) {
	rows, err := run(ctx, showReplicas)
	if err != nil {
		return nil, err
	}
	replicas := make([]topology.Replica, len(rows))
	for i, row := range rows {
		if replicas[i], err = decodeReplica(row); err != nil {
			return nil, err
		}
	}
	return replicas, nil
}

// decodeReplica reads one row of SHOW REPLICAS. The column system_info is null
// without a licence and of no use.
func decodeReplica(row row) (topology.Replica, error) {
	name, okName := row["name"].(string)
	address, okAddress := row["socket_address"].(string)
	mode, okMode := row["sync_mode"].(string)
	if !okName || !okAddress || !okMode {
		return topology.Replica{}, malformed(showReplicas, "name, socket_address and sync_mode have to be strings: %v", row)
	}
	replica := topology.Replica{
		Name:    ReplicaName(name),
		Address: address,
		Mode:    topology.Mode(strings.ToLower(mode)),
	}
	databases, ok := row["data_info"].(map[string]any)
	if !ok {
		return topology.Replica{}, malformed(showReplicas, "data_info of %s is no map: %v", name, row["data_info"])
	}
	if len(databases) == 0 {
		replica.Status = topology.StatusPhantom
		return replica, nil
	}
	// Without a licence there is one database, and this is its name.
	info, ok := databases["memgraph"].(map[string]any)
	if !ok {
		return topology.Replica{}, malformed(showReplicas, "data_info of %s has no map for memgraph: %v", name, databases)
	}
	status, okStatus := info["status"].(string)
	ts, okTS := info["ts"].(int64)
	behind, okBehind := info["behind"].(int64)
	if !okStatus || !okTS || !okBehind {
		return topology.Replica{}, malformed(showReplicas, "data_info of %s needs a string and two integers: %v", name, info)
	}
	replica.Status, replica.TS, replica.Behind = topology.Status(strings.ToLower(status)), ts, behind
	return replica, nil
}
