package workload

import (
	"context"
	"fmt"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// IDs returns the ids of all writes that the instance at address holds, sorted.
func IDs(ctx context.Context, address string) ([]int64, error) {
	driver, err := Driver(address)
	if err != nil {
		return nil, fmt.Errorf("open a driver for %s: %w", address, err)
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(ctx)
	result, err := session.Run(ctx, "MATCH (n:W) RETURN n.id AS id ORDER BY id", nil)
	if err != nil {
		return nil, fmt.Errorf("read the ids of %s: %w", address, err)
	}
	var ids []int64
	for result.Next(ctx) {
		id, ok := result.Record().Values[0].(int64)
		if !ok {
			return nil, fmt.Errorf("read the ids of %s: %v is no id", address, result.Record().Values[0])
		}
		ids = append(ids, id)
	}
	if err := result.Err(); err != nil {
		return nil, fmt.Errorf("read the ids of %s: %w", address, err)
	}
	return ids, nil
}
