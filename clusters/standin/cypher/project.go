package cypher

import (
	"errors"
	"io"
	"slices"

	"memgraph-controller/clusters/standin/graph"
)

// project is WITH or RETURN: new rows of the items, aggregated, without
// duplicates, sorted and cut as asked.
type project struct {
	from, to   *scope
	items      []expr
	aggregates []*aggregate
	keys       []expr // what groups rows when aggregating
	distinct   bool
	order      []sortKey
	skip       expr
	limit      expr
	where      []expr // of WITH
}

type sortKey struct {
	by         expr // over an item row followed by its input row
	descending bool
}

func (c *project) open(x *run, in cursor) cursor {
	out := cursor(&itemRows{project: c, x: x, in: in})
	if len(c.aggregates) > 0 {
		out = &itemRows{project: c, x: x, in: &groupedRows{project: c, x: x, in: in}}
	}
	if c.distinct {
		out = &distinctRows{in: out, items: len(c.items), seen: make(map[string]bool)}
	}
	if len(c.order) > 0 {
		out = &sortedRows{project: c, x: x, in: out}
	}
	if c.skip != nil || c.limit != nil {
		out = &cutRows{project: c, x: x, in: out}
	}
	if len(c.where) > 0 {
		out = &filteredRows{project: c, x: x, in: out}
	}
	return out
}

// itemRows computes the items of each row. Where they are to be sorted, the
// input row follows the items.
type itemRows struct {
	*project
	x  *run
	in cursor
}

func (c *itemRows) next() ([]any, error) {
	row, err := c.in.next()
	if err != nil {
		return nil, err
	}
	width := c.to.width
	if len(c.order) > 0 {
		width = len(c.items) + len(row)
	}
	out := make([]any, width)
	for i, item := range c.items {
		if out[i], err = item.eval(c.x, row); err != nil {
			return nil, err
		}
	}
	if len(c.order) > 0 {
		copy(out[len(c.items):], row)
	}
	return out, nil
}

// groupedRows yields one row per group, in the order the groups were met.
type groupedRows struct {
	*project
	x      *run
	in     cursor
	groups []*group
	done   bool
}

func (c *groupedRows) next() ([]any, error) {
	if !c.done {
		c.done = true
		if err := c.collect(); err != nil {
			return nil, err
		}
	}
	if len(c.groups) == 0 {
		return nil, io.EOF
	}
	g := c.groups[0]
	c.groups = c.groups[1:]
	return g.finish(), nil
}

func (c *groupedRows) collect() error {
	byKey := make(map[string]*group)
	var key []byte
	err := drain(c.in, func(row []any) error {
		if err := c.x.step(); err != nil {
			return err
		}
		key = key[:0]
		for _, e := range c.keys {
			value, err := e.eval(c.x, row)
			if err != nil {
				return err
			}
			key = appendKey(key, value)
		}
		g := byKey[string(key)]
		if g == nil {
			g = newGroup(c.from.newRow(row), c.aggregates)
			byKey[string(key)] = g
			c.groups = append(c.groups, g)
		}
		return g.add(c.x, row)
	})
	if len(c.groups) == 0 && len(c.keys) == 0 {
		c.groups = append(c.groups, newGroup(c.from.newRow(nil), c.aggregates))
	}
	return err
}

// distinctRows leaves out rows whose items were there before.
type distinctRows struct {
	in    cursor
	items int
	seen  map[string]bool
	key   []byte
}

func (c *distinctRows) next() ([]any, error) {
	for {
		row, err := c.in.next()
		if err != nil {
			return nil, err
		}
		c.key = c.key[:0]
		for _, v := range row[:c.items] {
			c.key = appendKey(c.key, v)
		}
		if !c.seen[string(c.key)] {
			c.seen[string(c.key)] = true
			return row, nil
		}
	}
}

// sortedRows sorts all rows, stably.
type sortedRows struct {
	*project
	x    *run
	in   cursor
	out  rowList
	done bool
}

// sortable is a row and the values it is sorted by.
type sortable struct{ row, by []any }

func (c *sortedRows) next() ([]any, error) {
	if !c.done {
		c.done = true
		if err := c.sort(); err != nil {
			return nil, err
		}
	}
	return c.out.next()
}

func (c *sortedRows) sort() error {
	var rows []sortable
	err := drain(c.in, func(row []any) error {
		by := make([]any, len(c.order))
		for i, key := range c.order {
			var err error
			if by[i], err = key.by.eval(c.x, row); err != nil {
				return err
			}
		}
		out := c.to.newRow(row[:len(c.items)])
		rows = append(rows, sortable{row: out, by: by})
		return c.x.step()
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b sortable) int { return c.compare(a.by, b.by) })
	c.out.rows = make([][]any, len(rows))
	for i := range rows {
		c.out.rows[i] = rows[i].row
	}
	return nil
}

func (c *sortedRows) compare(a, b []any) int {
	for i, key := range c.order {
		result := graph.Compare(a[i], b[i])
		if key.descending {
			result = -result
		}
		if result != 0 {
			return result
		}
	}
	return 0
}

// cutRows is SKIP and LIMIT.
type cutRows struct {
	*project
	x       *run
	in      cursor
	left    int64
	started bool
}

func (c *cutRows) next() ([]any, error) {
	if !c.started {
		c.started = true
		if err := c.start(); err != nil {
			return nil, err
		}
	}
	if c.left == 0 {
		return nil, io.EOF
	}
	if c.left > 0 {
		c.left--
	}
	return c.in.next()
}

// start passes over what is skipped. A negative number of rows left is no
// limit.
func (c *cutRows) start() error {
	skip, err := amount(c.x, c.skip, "skipped", 0)
	if err != nil {
		return err
	}
	if c.left, err = amount(c.x, c.limit, "returned", -1); err != nil {
		return err
	}
	for ; skip > 0 && c.left != 0; skip-- {
		if _, err := c.in.next(); errors.Is(err, io.EOF) {
			c.left = 0
		} else if err != nil {
			return err
		}
	}
	return nil
}

func amount(x *run, e expr, what string, missing int64) (int64, error) {
	if e == nil {
		return missing, nil
	}
	value, err := e.eval(x, nil)
	if err != nil {
		return 0, err
	}
	n, ok := value.(int64)
	if !ok {
		return 0, failed("Number of %s elements must be an integer.", what)
	}
	if n < 0 {
		return 0, failed("Number of %s elements must be non-negative.", what)
	}
	return n, nil
}

// filteredRows is the WHERE of a WITH.
type filteredRows struct {
	*project
	x  *run
	in cursor
}

func (c *filteredRows) next() ([]any, error) {
	for {
		row, err := c.in.next()
		if err != nil {
			return nil, err
		}
		if err := c.x.step(); err != nil {
			return nil, err
		}
		if ok, err := c.x.holds(row, c.where); ok || err != nil {
			return row, err
		}
	}
}
