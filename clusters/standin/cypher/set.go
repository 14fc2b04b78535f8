package cypher

import (
	"slices"

	"memgraph-controller/clusters/standin/graph"
)

// mutation is one item of SET or REMOVE. On null it does nothing.
type mutation interface {
	apply(x *run, row []any) error
	bind(sc *scope) error
}

// change is SET or REMOVE.
type change struct {
	writing
	items []mutation
}

func (c *change) open(x *run, in cursor) cursor {
	return c.start(x, in, func(row []any) error {
		for _, item := range c.items {
			if err := item.apply(x, row); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

// setProperty is SET of.key = value; REMOVE of.key has a null value.
type setProperty struct {
	of    expr
	key   string
	value expr
}

func (m *setProperty) bind(sc *scope) error { return sc.bindAll([]expr{m.of, m.value}) }

func (m *setProperty) apply(x *run, row []any) error {
	e, err := entityOf(x, row, m.of)
	if e == nil || err != nil {
		return err
	}
	value, err := m.value.eval(x, row)
	if err != nil {
		return err
	}
	return x.setProperty(e, m.key, value)
}

func (x *run) setProperty(e graph.Entity, key string, value any) error {
	if err := x.tx.SetProperty(e, key, value); err != nil {
		return err
	}
	x.stats.PropertiesSet++
	return nil
}

// entityOf evaluates to a vertex or an edge, or nil for null.
func entityOf(x *run, row []any, e expr) (graph.Entity, error) {
	value, err := e.eval(x, row)
	if value == nil || err != nil {
		return nil, err
	}
	if entity, ok := value.(graph.Entity); ok {
		return entity, nil
	}
	return nil, failed("Properties can only be set on nodes and relationships, not on %s.", typeName(value))
}

// setProperties is SET of = map or SET of += map.
type setProperties struct {
	of    expr
	add   bool // +=: leave the others alone
	value expr
}

func (m *setProperties) bind(sc *scope) error { return sc.bindAll([]expr{m.of, m.value}) }

func (m *setProperties) apply(x *run, row []any) error {
	e, err := entityOf(x, row, m.of)
	if e == nil || err != nil {
		return err
	}
	value, err := m.value.eval(x, row)
	if err != nil {
		return err
	}
	wanted, err := x.propertyMap(value)
	if err != nil {
		return err
	}
	if !m.add {
		if err := x.removeOthers(e, wanted); err != nil {
			return err
		}
	}
	for _, key := range sortedKeys(wanted) {
		if err := x.setProperty(e, key, wanted[key]); err != nil {
			return err
		}
	}
	return nil
}

func (x *run) propertyMap(value any) (map[string]any, error) {
	switch value := value.(type) {
	case map[string]any:
		return value, nil
	case graph.Entity:
		return exportProperties(x.tx, value)
	}
	return nil, failed("Properties can only be set from a map, a node or a relationship, not from %s.", typeName(value))
}

func (x *run) removeOthers(e graph.Entity, wanted map[string]any) error {
	props, err := x.tx.Properties(e)
	if err != nil {
		return err
	}
	for _, p := range props {
		if _, ok := wanted[p.Key]; ok {
			continue
		}
		if err := x.setProperty(e, p.Key, nil); err != nil {
			return err
		}
	}
	return nil
}

// setLabels is SET of:A:B or REMOVE of:A:B.
type setLabels struct {
	of     expr
	labels []string
	remove bool
}

func (m *setLabels) bind(sc *scope) error { return sc.bind(m.of) }

func (m *setLabels) apply(x *run, row []any) error {
	value, err := m.of.eval(x, row)
	if value == nil || err != nil {
		return err
	}
	v, ok := value.(*graph.Vertex)
	if !ok {
		return failed("Labels can only be set on nodes, not on %s.", typeName(value))
	}
	edit, count := x.tx.AddLabel, &x.stats.LabelsAdded
	if m.remove {
		edit, count = x.tx.RemoveLabel, &x.stats.LabelsRemoved
	}
	for _, label := range m.labels {
		changed, err := edit(v, label)
		if err != nil {
			return err
		}
		if changed {
			*count++
		}
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
