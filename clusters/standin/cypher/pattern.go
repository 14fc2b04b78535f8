package cypher

import "memgraph-controller/clusters/standin/graph"

// nodePattern is (name:Labels {props}).
type nodePattern struct {
	name   string // "" is anonymous
	slot   int
	labels []string
	props  *mapOf
	param  *parameter // properties given as $param, to create only
}

// edgePattern is -[name:A|B {props}]-> between two node patterns.
type edgePattern struct {
	name      string
	slot      int
	types     []string
	direction graph.Direction // from left to right it is Out
	props     *mapOf
	param     *parameter
}

// path is a chain: one more node than edges.
type path struct {
	nodes []*nodePattern
	edges []*edgePattern
}

func (p *parser) paths() ([]*path, error) { return commaSeparated(p, p.path) }

func (p *parser) path() (*path, error) {
	node, err := p.node()
	if err != nil {
		return nil, err
	}
	chain := &path{nodes: []*nodePattern{node}}
	for p.peek().is("-") || p.peek().is("<") {
		if err := p.chain(len(chain.edges)); err != nil {
			return nil, err
		}
		edge, err := p.edge()
		if err != nil {
			return nil, err
		}
		node, err := p.node()
		if err != nil {
			return nil, err
		}
		chain.edges = append(chain.edges, edge)
		chain.nodes = append(chain.nodes, node)
	}
	return chain, nil
}

func (p *parser) node() (*nodePattern, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	n := &nodePattern{}
	var err error
	if n.name, err = p.optionalName(); err != nil {
		return nil, err
	}
	if n.labels, err = p.labels(); err != nil {
		return nil, err
	}
	if n.props, n.param, err = p.patternProperties(); err != nil {
		return nil, err
	}
	return n, p.expect(")")
}

func (p *parser) optionalName() (string, error) {
	if t := p.peek(); t.kind != tokenName && t.kind != tokenQuoted {
		return "", nil
	}
	return p.name()
}

func (p *parser) patternProperties() (*mapOf, *parameter, error) {
	if t := p.peek(); t.kind == tokenParam {
		p.next()
		return nil, &parameter{name: t.text}, nil
	}
	if !p.peek().is("{") {
		return nil, nil, nil
	}
	props, err := p.mapping()
	return props, nil, err
}

// edge reads -[..]->, <-[..]-, -[..]- and the forms without brackets.
func (p *parser) edge() (*edgePattern, error) {
	e := &edgePattern{}
	left := p.accept("<")
	if err := p.expect("-"); err != nil {
		return nil, err
	}
	if p.accept("[") {
		if err := p.edgeDetail(e); err != nil {
			return nil, err
		}
	}
	if err := p.expect("-"); err != nil {
		return nil, err
	}
	right := p.accept(">")
	switch {
	case left == right:
		e.direction = graph.Both
	case right:
		e.direction = graph.Out
	default:
		e.direction = graph.In
	}
	return e, nil
}

func (p *parser) edgeDetail(e *edgePattern) error {
	var err error
	if e.name, err = p.optionalName(); err != nil {
		return err
	}
	if p.accept(":") {
		if e.types, err = p.types(); err != nil {
			return err
		}
	}
	if e.props, e.param, err = p.patternProperties(); err != nil {
		return err
	}
	return p.expect("]")
}

// types reads A|B, and A|:B as well.
func (p *parser) types() ([]string, error) {
	var types []string
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		types = append(types, name)
		if !p.accept("|") {
			return types, nil
		}
		p.accept(":")
	}
}
