package cypher

import "memgraph-controller/clusters/standin/graph"

// schemaChange is CREATE or DROP of an index or a unique constraint. What is
// there already, or not there, is left so without an error.
type schemaChange struct {
	writing
	drop, unique bool
	label        string
	props        []string
}

func (c *schemaChange) open(x *run, in cursor) cursor {
	return c.start(x, in, func([]any) error {
		edit := x.tx.CreateIndex
		switch {
		case c.unique && c.drop:
			edit = x.tx.DropUnique
		case c.unique:
			edit = x.tx.CreateUnique
		case c.drop:
			edit = x.tx.DropIndex
		}
		_, err := edit(c.label, c.props...)
		return err
	}, nil)
}

// schemaInfo is SHOW INDEX INFO or SHOW CONSTRAINT INFO.
type schemaInfo struct{ unique bool }

func (c *schemaInfo) fields() []string {
	if c.unique {
		return []string{"constraint type", "label", "properties", "data_type"}
	}
	return []string{"index type", "label", "property", "count"}
}

func (c *schemaInfo) open(x *run, _ cursor) cursor {
	rows := &rowList{}
	for _, entry := range x.tx.Schema() {
		if entry.Unique == c.unique {
			rows.rows = append(rows.rows, infoRow(entry))
		}
	}
	return rows
}

func infoRow(entry graph.SchemaEntry) []any {
	switch {
	case entry.Unique:
		return []any{"unique", entry.Label, anyList(entry.Props), ""}
	case len(entry.Props) == 0:
		return []any{"label", entry.Label, nil, int64(entry.Count)}
	}
	return []any{"label+property", entry.Label, anyList(entry.Props), int64(entry.Count)}
}

// schemaStatement reads what follows CREATE or DROP in INDEX ON .. and
// CONSTRAINT ON ..; ok is false where it is something else.
func (p *parser) schemaStatement(drop bool) (c *schemaChange, ok bool, err error) {
	c = &schemaChange{drop: drop}
	switch {
	case p.accept("INDEX"):
		err = p.index(c)
	case p.accept("CONSTRAINT"):
		c.unique = true
		err = p.constraint(c)
	case drop:
		err = p.mismatch("CONSTRAINT", "INDEX")
	default:
		return nil, false, nil
	}
	return c, true, err
}

// index reads ON :Label or ON :Label(property, ..).
func (p *parser) index(c *schemaChange) (err error) {
	if err := p.expect("ON", ":"); err != nil {
		return err
	}
	if c.label, err = p.name(); err != nil || !p.accept("(") {
		return err
	}
	if c.props, err = commaSeparated(p, p.name); err != nil {
		return err
	}
	return p.expect(")")
}

// constraint reads ON (n:Label) ASSERT n.a, n.b IS UNIQUE.
func (p *parser) constraint(c *schemaChange) error {
	if err := p.expect("ON", "("); err != nil {
		return err
	}
	variable, err := p.name()
	if err != nil {
		return err
	}
	if err := p.expect(":"); err != nil {
		return err
	}
	if c.label, err = p.name(); err != nil {
		return err
	}
	if err := p.expect(")", "ASSERT"); err != nil {
		return err
	}
	if c.props, err = commaSeparated(p, func() (string, error) { return p.constrained(variable) }); err != nil {
		return err
	}
	return p.expect("IS", "UNIQUE")
}

func (p *parser) constrained(variable string) (string, error) {
	name, err := p.name()
	if err != nil {
		return "", err
	}
	if name != variable {
		return "", semantic("All constraint variable should reference node '%s'", variable)
	}
	if err := p.expect("."); err != nil {
		return "", err
	}
	return p.name()
}
