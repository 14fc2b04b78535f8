package cypher

import (
	"slices"

	"memgraph-controller/clusters/standin/graph"
)

// builder puts a statement together while it is parsed.
type builder struct {
	*parser
	sc      *scope
	clauses []clause
	fields  []string

	reads, writes bool // the graph
	updated       bool // since the last WITH
	returned      bool
	optional      bool        // an OPTIONAL MATCH since the last WITH
	last          writeClause // the last clause, where it writes
}

// add appends a clause that only reads, or does not touch the graph at all.
func (b *builder) add(c clause) {
	b.keepRows()
	b.clauses = append(b.clauses, c)
}

// addWrite appends a clause that writes.
func (b *builder) addWrite(c writeClause) {
	b.keepRows()
	if b.reads || b.writes {
		c.waitForReads()
	}
	b.clauses = append(b.clauses, c)
	b.writes, b.updated, b.last = true, true, c
}

// keepRows tells the clause before that its rows are needed.
func (b *builder) keepRows() {
	if b.last != nil {
		b.last.keepRows()
		b.last = nil
	}
}

// clause reads the next clause; done is true where the statement ends.
func (b *builder) clause() (done bool, err error) {
	switch {
	case b.peek().kind == tokenEOF, b.peek().is(";"):
		return true, nil
	case b.returned:
		return true, b.mismatch("<EOF>", ";")
	case b.accept("MATCH"):
		return false, b.match(false)
	case b.accept("OPTIONAL", "MATCH"):
		return false, b.match(true)
	case b.accept("UNWIND"):
		return false, b.unwind()
	case b.accept("CREATE"):
		return false, b.create()
	case b.accept("MERGE"):
		return false, b.merge()
	case b.accept("SET"):
		return false, b.change(b.setItem)
	case b.accept("REMOVE"):
		return false, b.change(b.removeItem)
	case b.accept("DETACH", "DELETE"):
		return false, b.remove(true)
	case b.accept("DELETE"):
		return false, b.remove(false)
	case b.accept("WITH"):
		return false, b.with()
	case b.accept("RETURN"):
		return false, b.returns()
	}
	return true, b.mismatch(slices.Concat([]string{"<EOF>", ";"}, statementWords)...)
}

func (b *builder) match(optional bool) error {
	if b.updated {
		return semantic("MATCH can't be put after an update clause without a WITH between them.")
	}
	if b.optional && !optional {
		return semantic("MATCH can't be put after OPTIONAL MATCH.")
	}
	paths, err := b.paths()
	if err != nil {
		return err
	}
	where, err := b.where()
	if err != nil {
		return err
	}
	m, err := newMatch(b.sc, b.sc.width, paths, where, optional)
	if err != nil {
		return err
	}
	b.add(m)
	b.reads = true
	b.optional = b.optional || optional
	return nil
}

// where reads an optional WHERE; nil where there is none.
func (b *builder) where() (expr, error) {
	if !b.accept("WHERE") {
		return nil, nil
	}
	return b.expression()
}

func (b *builder) unwind() error {
	if b.updated {
		return semantic("UNWIND can't be put after an update clause without a WITH between them.")
	}
	list, err := b.expression()
	if err != nil {
		return err
	}
	if err := b.sc.bind(list); err != nil {
		return err
	}
	if err := b.expect("AS"); err != nil {
		return err
	}
	name, err := b.name()
	if err != nil {
		return err
	}
	if b.sc.has(name) {
		return semantic("Redeclaring variable: %s.", name)
	}
	b.add(&unwind{sc: b.sc, list: list, slot: b.sc.declare(name)})
	return nil
}

func (b *builder) create() error {
	if len(b.clauses) == 0 {
		if c, ok, err := b.schemaStatement(false); ok {
			b.addSchema(c)
			return err
		}
	}
	paths, err := b.paths()
	if err != nil {
		return err
	}
	c := &create{}
	for _, p := range paths {
		for _, e := range p.edges {
			if e.direction == graph.Both {
				return semantic("Bidirectional relationship are not supported when creating an edge")
			}
		}
		made, err := newCreation(b.sc, p)
		if err != nil {
			return err
		}
		c.paths = append(c.paths, made)
	}
	b.addWrite(c)
	return nil
}

func (b *builder) merge() error {
	p, err := b.path()
	if err != nil {
		return err
	}
	known := b.sc.width
	c := &merge{}
	if c.creation, err = newCreation(b.sc, p); err != nil {
		return err
	}
	if c.match, err = newMatch(b.sc, known, []*path{p}, nil, false); err != nil {
		return err
	}
	for b.accept("ON") {
		into := &c.onMatch
		if b.accept("CREATE") {
			into = &c.onCreate
		} else if err := b.expect("MATCH"); err != nil {
			return err
		}
		if err := b.expect("SET"); err != nil {
			return err
		}
		items, err := b.mutations(b.setItem)
		if err != nil {
			return err
		}
		*into = append(*into, items...)
	}
	b.addWrite(c)
	b.reads = true
	return nil
}

// mutations reads the items of SET or REMOVE.
func (b *builder) mutations(item func() ([]mutation, error)) ([]mutation, error) {
	lists, err := commaSeparated(b.parser, item)
	if err != nil {
		return nil, err
	}
	items := slices.Concat(lists...)
	for _, m := range items {
		if err := m.bind(b.sc); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (b *builder) change(item func() ([]mutation, error)) error {
	items, err := b.mutations(item)
	if err != nil {
		return err
	}
	b.addWrite(&change{items: items})
	return nil
}

// setItem reads v.key = x, v = x, v += x or v:A:B.
func (b *builder) setItem() ([]mutation, error) {
	name, err := b.name()
	if err != nil {
		return nil, err
	}
	of := &variable{name: name}
	if b.peek().is(":") {
		labels, err := b.labels()
		return []mutation{&setLabels{of: of, labels: labels}}, err
	}
	if b.accept(".") {
		key, err := b.name()
		if err != nil {
			return nil, err
		}
		if err := b.expect("="); err != nil {
			return nil, err
		}
		value, err := b.expression()
		return []mutation{&setProperty{of: of, key: key, value: value}}, err
	}
	add := b.accept("+=")
	if !add && !b.accept("=") {
		return nil, b.mismatch("+=", ".", ":", "=")
	}
	value, err := b.expression()
	return []mutation{&setProperties{of: of, add: add, value: value}}, err
}

// removeItem reads v.key or v:A:B.
func (b *builder) removeItem() ([]mutation, error) {
	name, err := b.name()
	if err != nil {
		return nil, err
	}
	of := &variable{name: name}
	if b.peek().is(":") {
		labels, err := b.labels()
		return []mutation{&setLabels{of: of, labels: labels, remove: true}}, err
	}
	if err := b.expect("."); err != nil {
		return nil, err
	}
	key, err := b.name()
	return []mutation{&setProperty{of: of, key: key, value: &literal{}}}, err
}

func (b *builder) remove(detach bool) error {
	items, err := commaSeparated(b.parser, b.expression)
	if err != nil {
		return err
	}
	if err := b.sc.bindAll(items); err != nil {
		return err
	}
	b.addWrite(&remove{detach: detach, items: items})
	return nil
}

// sortedNames lists the variables that * stands for.
func (sc *scope) sortedNames() []string {
	names := make([]string, 0, len(sc.names))
	for name := range sc.names {
		names = append(names, name)
	}
	return sorted(names)
}
