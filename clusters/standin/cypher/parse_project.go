package cypher

import "slices"

// item is a column of a WITH or RETURN.
type item struct {
	of    expr
	name  string
	plain bool // a variable, or named with AS
}

func (b *builder) with() error {
	c, items, err := b.projection()
	if err != nil {
		return err
	}
	for _, it := range items {
		if !it.plain {
			return semantic("Only variables can be non-aliased in WITH.")
		}
	}
	where, err := b.where()
	if err != nil {
		return err
	}
	if where != nil {
		if err := c.to.bind(where); err != nil {
			return err
		}
		c.where = []expr{where}
	}
	b.add(c)
	b.sc = c.to
	b.updated, b.optional = false, false
	return nil
}

func (b *builder) returns() error {
	c, items, err := b.projection()
	if err != nil {
		return err
	}
	b.add(c)
	b.fields = make([]string, len(items))
	for i, it := range items {
		b.fields[i] = it.name
	}
	b.returned = true
	return nil
}

// projection reads what WITH and RETURN share.
func (b *builder) projection() (*project, []item, error) {
	c := &project{from: b.sc, to: newScope(), distinct: b.accept("DISTINCT")}
	items, err := b.items()
	if err != nil {
		return nil, nil, err
	}
	b.sc.aggregating = true
	for _, it := range items {
		if err := b.sc.bind(it.of); err != nil {
			return nil, nil, err
		}
		if c.to.has(it.name) {
			return nil, nil, semantic("Multiple results with the same name '%s' are not allowed.", it.name)
		}
		c.to.declare(it.name)
		c.items = append(c.items, it.of)
	}
	b.sc.aggregating = false
	if c.aggregates = b.sc.aggregates; len(c.aggregates) > 0 {
		for _, of := range c.items {
			c.keys = append(c.keys, groupKeys(of)...)
		}
	}
	if err := b.orderBy(c, items); err != nil {
		return nil, nil, err
	}
	return c, items, b.cut(c)
}

// groupKeys are the largest parts of an item that are not aggregated.
func groupKeys(e expr) []expr {
	if !hasAggregate(e) {
		return []expr{e}
	}
	if _, ok := e.(*aggregate); ok {
		return nil
	}
	var keys []expr
	for _, child := range e.children() {
		keys = append(keys, groupKeys(child)...)
	}
	return keys
}

// items reads the columns; * stands for all variables, by name.
func (b *builder) items() ([]item, error) {
	var items []item
	if b.accept("*") {
		for _, name := range b.sc.sortedNames() {
			items = append(items, item{of: &variable{name: name}, name: name, plain: true})
		}
		if len(items) == 0 {
			return nil, semantic("There are no variables in scope to use for '*'.")
		}
		if !b.accept(",") {
			return items, nil
		}
	}
	more, err := commaSeparated(b.parser, b.item)
	return append(items, more...), err
}

func (b *builder) item() (item, error) {
	start := b.at
	of, err := b.expression()
	if err != nil {
		return item{}, err
	}
	it := item{of: of, name: b.textSince(start)}
	if v, ok := of.(*variable); ok {
		it.name, it.plain = v.name, true
	}
	if b.accept("AS") {
		it.plain = true
		it.name, err = b.name()
	}
	return it, err
}

// orderBy reads ORDER BY. Its expressions see the new columns and behind them
// the variables from before; one that is written like a column is that column.
func (b *builder) orderBy(c *project, items []item) error {
	if !b.accept("ORDER", "BY") {
		return nil
	}
	both := newScope()
	for name, slot := range c.from.names {
		both.names[name] = len(items) + slot
	}
	for name, slot := range c.to.names {
		both.names[name] = slot
	}
	keys, err := commaSeparated(b.parser, func() (sortKey, error) {
		start := b.at
		by, err := b.expression()
		if err != nil {
			return sortKey{}, err
		}
		text := b.textSince(start)
		if i := slices.IndexFunc(items, func(it item) bool { return it.name == text }); i >= 0 {
			by = &placed{slot: i}
		} else if err := both.bind(by); err != nil {
			return sortKey{}, err
		}
		return sortKey{by: by, descending: b.direction()}, nil
	})
	c.order = keys
	return err
}

// direction reads ASC or DESC and reports whether it was the latter.
func (b *builder) direction() (descending bool) {
	if b.accept("DESC") || b.accept("DESCENDING") {
		return true
	}
	if !b.accept("ASC") {
		b.accept("ASCENDING")
	}
	return false
}

// cut reads SKIP and LIMIT.
func (b *builder) cut(c *project) error {
	for _, part := range []struct {
		word string
		into *expr
	}{{"SKIP", &c.skip}, {"LIMIT", &c.limit}} {
		if !b.accept(part.word) {
			continue
		}
		n, err := b.expression()
		if err != nil {
			return err
		}
		if err := newScope().bind(n); err != nil {
			return err
		}
		*part.into = n
	}
	return nil
}
