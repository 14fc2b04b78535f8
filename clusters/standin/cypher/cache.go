package cypher

import (
	"container/list"
	"sync"
)

// maxCached is the longest query that a Cache keeps.
const maxCached = 16 << 10

// Cache remembers parsed statements, the most recently used ones. It is safe
// for concurrent use.
type Cache struct {
	limit int

	mu      sync.Mutex
	entries map[string]*list.Element
	order   list.List // of *cached, the most recent first
}

type cached struct {
	query     string
	statement *Statement
}

// NewCache returns a cache for up to limit statements of up to 16 KiB each.
func NewCache(limit int) *Cache { return &Cache{limit: limit} }

// Parse is the package's Parse, unless the query was parsed recently. Errors
// are not remembered.
func (c *Cache) Parse(query string) (*Statement, error) {
	if s := c.get(query); s != nil {
		return s, nil
	}
	s, err := Parse(query)
	if err == nil && len(query) <= maxCached {
		c.put(query, s)
	}
	return s, err
}

func (c *Cache) get(query string) *Statement {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[query]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).statement
}

func (c *Cache) put(query string, s *Statement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[query] != nil {
		return
	}
	if c.entries == nil {
		c.entries = make(map[string]*list.Element)
	}
	c.entries[query] = c.order.PushFront(&cached{query: query, statement: s})
	if c.order.Len() > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*cached)
		delete(c.entries, oldest.query)
	}
}
