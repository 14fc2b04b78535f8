package cypher

// unwind is UNWIND: a row for each item of a list.
type unwind struct {
	sc   *scope
	list expr
	slot int
}

func (c *unwind) open(x *run, in cursor) cursor { return &unwoundRows{unwind: c, x: x, in: in} }

type unwoundRows struct {
	*unwind
	x     *run
	in    cursor
	row   []any
	items items
}

// items yields values until there are no more.
type items interface{ next() (any, bool) }

func (c *unwoundRows) next() ([]any, error) {
	for {
		if err := c.x.step(); err != nil {
			return nil, err
		}
		if c.items != nil {
			if item, ok := c.items.next(); ok {
				row := c.sc.newRow(c.row)
				row[c.slot] = item
				return row, nil
			}
		}
		row, err := c.in.next()
		if err != nil {
			return nil, err
		}
		c.row = row
		if c.items, err = c.unwrap(row); err != nil {
			return nil, err
		}
	}
}

// unwrap evaluates the list; a range is not made into one.
func (c *unwoundRows) unwrap(row []any) (items, error) {
	if f, ok := c.list.(*call); ok && f.isRange() {
		args, err := evalAll(c.x, row, f.args)
		if err != nil {
			return nil, err
		}
		for _, arg := range args {
			if arg == nil {
				return nil, nil
			}
		}
		s, err := newSeries(args)
		return &seriesItems{at: s.from, step: s.step, left: s.length()}, err
	}
	value, err := c.list.eval(c.x, row)
	if value == nil || err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, failed("Argument of UNWIND must be a list, but '%s' was provided.", typeName(value))
	}
	return &listItems{left: list}, nil
}

type listItems struct{ left []any }

func (l *listItems) next() (any, bool) {
	if len(l.left) == 0 {
		return nil, false
	}
	item := l.left[0]
	l.left = l.left[1:]
	return item, true
}

// seriesItems counts through a series; its last step may overflow, unseen.
type seriesItems struct {
	at, step int64
	left     uint64
}

func (s *seriesItems) next() (any, bool) {
	if s.left == 0 {
		return nil, false
	}
	item := s.at
	s.left--
	s.at += s.step
	return item, true
}
