package memgraph

import (
	"context"
	"fmt"
)

const (
	showStorage = "SHOW STORAGE INFO ON CURRENT DATABASE"
	// Before 3.11 there was no ON; since then the bare query is about the
	// whole instance and has neither the UUID nor the counts.
	showStorageBefore311 = "SHOW STORAGE INFO"
	showConfig           = "SHOW CONFIG"
	transactional        = "IN_MEMORY_TRANSACTIONAL"
)

// Storage is what an instance holds, and how.
type Storage struct {
	// UUID is the UUID of the data, and Empty tells that there are none: no nodes, no
	// relationships.
	UUID  string
	Empty bool
	// Mode is the storage mode, which any client can change while the process runs.
	// Empty: the server does not tell.
	Mode string
}

// Storage reads what the instance holds.
func (c *Client) Storage(ctx context.Context) (storage Storage, err error) {
	err = c.call(ctx, "read the storage of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		info, err := c.storageInfo(ctx)
		if err != nil {
			return err
		}
		storage, err = decodeStorage(info)
		return err
	})
	return storage, err
}

// Unreplicated is the storage mode, if it is one in which nothing is replicated.
func (s Storage) Unreplicated() (setting string) {
	if s.Mode == "" || s.Mode == transactional {
		return ""
	}
	return "storage_mode=" + s.Mode
}

// Warning says what the storage mode does, and what to do about it; empty where there
// is nothing to say.
func (s Storage) Warning() string {
	if s.Unreplicated() == "" {
		return ""
	}
	return fmt.Sprintf("storage_mode is %s: nothing is replicated: run STORAGE MODE %s", s.Mode, transactional)
}

func decodeStorage(info map[string]any) (Storage, error) {
	uuid, _ := info["database_uuid"].(string)
	nodes, okNodes := info["vertex_count"].(int64)
	edges, okEdges := info["edge_count"].(int64)
	if uuid == "" || !okNodes || !okEdges {
		return Storage{}, malformed(showStorage, "database_uuid %v, vertex_count %v, edge_count %v",
			info["database_uuid"], info["vertex_count"], info["edge_count"])
	}
	mode, _ := info["storage_mode"].(string)
	return Storage{UUID: uuid, Empty: nodes == 0 && edges == 0, Mode: mode}, nil
}

func (c *Client) storageInfo(ctx context.Context) (map[string]any, error) {
	rows, err := c.statement(ctx, showStorage)
	if failure := refused(err); failure != nil && failure.syntax() {
		rows, err = c.statement(ctx, showStorageBefore311)
	}
	if err != nil {
		return nil, err
	}
	return pairs(rows, "storage info", "value"), nil
}

// pairs reads rows that are name and value.
func pairs(rows []row, name, value string) map[string]any {
	info := make(map[string]any, len(rows))
	for _, row := range rows {
		if key, ok := row[name].(string); ok {
			info[key] = row[value]
		}
	}
	return info
}
