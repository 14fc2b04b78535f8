package cypher

// merge is MERGE: for each row it finds all matches of the path, or creates it
// as a whole. A row sees what the rows before it created.
type merge struct {
	writing
	match    *match
	creation *creation
	onMatch  []mutation
	onCreate []mutation
}

func (c *merge) open(x *run, in cursor) cursor {
	m := &merged{merge: c, x: x}
	// The rows that come out are the matches, so merged collects them itself.
	m.writer = &writer{x: x, in: in, buffer: c.buffer, write: m.row}
	x.writers = append(x.writers, m.writer)
	return m
}

type merged struct {
	*merge
	x      *run
	writer *writer
	out    rowList
}

func (m *merged) next() ([]any, error) {
	if err := m.writer.prime(); err != nil {
		return nil, err
	}
	return m.out.next()
}

func (m *merged) row(in []any) error {
	if err := m.checkNulls(in); err != nil {
		return err
	}
	found := m.match.search(m.x, &once{row: in})
	var matches [][]any
	if err := drain(found, func(row []any) error {
		matches = append(matches, row)
		return nil
	}); err != nil {
		return err
	}
	mutations := m.onMatch
	if len(matches) == 0 {
		if err := m.creation.create(m.x, in); err != nil {
			return err
		}
		matches, mutations = [][]any{in}, m.onCreate
	}
	for _, row := range matches {
		for _, change := range mutations {
			if err := change.apply(m.x, row); err != nil {
				return err
			}
		}
	}
	if m.keep {
		m.out.rows = append(m.out.rows, matches...)
	}
	return nil
}

// checkNulls refuses properties that could match nothing and would create one
// more element each time.
func (m *merged) checkNulls(row []any) error {
	for _, props := range m.creation.properties() {
		values, err := props.evalMap(m.x, row)
		if err != nil {
			return err
		}
		for key, value := range values {
			if value == nil {
				return failed("Cannot merge with a null value for property '%s'.", key)
			}
		}
	}
	return nil
}

// properties lists the property maps of a path.
func (c *creation) properties() []*mapOf {
	var all []*mapOf
	for _, n := range c.nodes {
		if n.props != nil {
			all = append(all, n.props)
		}
	}
	for _, e := range c.edges {
		if e.props != nil {
			all = append(all, e.props)
		}
	}
	return all
}
