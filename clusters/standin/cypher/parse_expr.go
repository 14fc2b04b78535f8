package cypher

import (
	"strconv"
	"strings"
)

// expression reads an expression of any kind.
func (p *parser) expression() (expr, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer p.unnest()
	return p.or()
}

// leftAssociative reads operand (op operand)*, for the operators that take
// returns.
func (p *parser) leftAssociative(operand func() (expr, error), take func() string, build func(op string, a, b expr) expr) (expr, error) {
	a, err := operand()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		op := take()
		if op == "" {
			return a, nil
		}
		if err := p.chain(n); err != nil {
			return nil, err
		}
		b, err := operand()
		if err != nil {
			return nil, err
		}
		a = build(op, a, b)
	}
}

// takeOne returns a function that takes one of the words and returns it.
func (p *parser) takeOne(words ...string) func() string {
	return func() string {
		for _, word := range words {
			if p.accept(word) {
				return word
			}
		}
		return ""
	}
}

func newLogic(op string, a, b expr) expr      { return &logic{op: op, a: a, b: b} }
func newArithmetic(op string, a, b expr) expr { return &arithmetic{op: op, a: a, b: b} }

func (p *parser) or() (expr, error) {
	return p.leftAssociative(p.xor, p.takeOne("OR"), newLogic)
}

func (p *parser) xor() (expr, error) {
	return p.leftAssociative(p.and, p.takeOne("XOR"), newLogic)
}

func (p *parser) and() (expr, error) {
	return p.leftAssociative(p.not, p.takeOne("AND"), newLogic)
}

func (p *parser) not() (expr, error) {
	if !p.accept("NOT") {
		return p.comparison()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer p.unnest()
	of, err := p.not()
	return &negation{of: of}, err
}

// comparison reads a < b <= c, which means a < b AND b <= c.
func (p *parser) comparison() (expr, error) {
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	var all expr
	take := p.takeOne("=", "<>", "<=", ">=", "<", ">")
	for n := 0; ; n++ {
		op := take()
		if op == "" {
			break
		}
		if err := p.chain(n); err != nil {
			return nil, err
		}
		b, err := p.sum()
		if err != nil {
			return nil, err
		}
		next := &comparison{op: op, a: a, b: b}
		if all == nil {
			all = next
		} else {
			all = newLogic("AND", all, next)
		}
		a = b
	}
	if all == nil {
		return a, nil
	}
	return all, nil
}

func (p *parser) sum() (expr, error) {
	return p.leftAssociative(p.product, p.takeOne("+", "-"), newArithmetic)
}

func (p *parser) product() (expr, error) {
	return p.leftAssociative(p.power, p.takeOne("*", "/", "%"), newArithmetic)
}

func (p *parser) power() (expr, error) {
	return p.leftAssociative(p.signed, p.takeOne("^"), newArithmetic)
}

func (p *parser) signed() (expr, error) {
	sign := p.takeOne("+", "-")()
	if sign == "" {
		return p.predicate()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer p.unnest()
	of, err := p.signed()
	return &signed{minus: sign == "-", of: of}, err
}

// predicate reads what binds tighter than arithmetic: IN, STARTS WITH, ENDS
// WITH, CONTAINS, IS NULL.
func (p *parser) predicate() (expr, error) {
	a, err := p.postfix()
	for n := 0; err == nil; n++ {
		if err := p.chain(n); err != nil {
			return nil, err
		}
		if p.accept("IS") {
			negated := p.accept("NOT")
			if err := p.expect("NULL"); err != nil {
				return nil, err
			}
			a = &nullCheck{of: a, negated: negated}
			continue
		}
		op := p.takePredicate()
		if op == "" {
			return a, nil
		}
		var b expr
		if b, err = p.postfix(); err == nil {
			a = &predicate{op: op, a: a, b: b}
		}
	}
	return nil, err
}

func (p *parser) takePredicate() string {
	switch {
	case p.accept("IN"):
		return "IN"
	case p.accept("STARTS", "WITH"):
		return "STARTS WITH"
	case p.accept("ENDS", "WITH"):
		return "ENDS WITH"
	case p.accept("CONTAINS"):
		return "CONTAINS"
	}
	return ""
}

// postfix reads an atom and the properties, labels and indexes after it.
func (p *parser) postfix() (expr, error) {
	of, err := p.atom()
	for n := 0; err == nil; n++ {
		if err := p.chain(n); err != nil {
			return nil, err
		}
		switch {
		case p.accept("."):
			var key string
			key, err = p.name()
			of = &property{of: of, key: key}
		case p.peek().is(":"):
			var labels []string
			labels, err = p.labels()
			of = &labelCheck{of: of, labels: labels}
		case p.accept("["):
			of, err = p.subscript(of)
		default:
			return of, nil
		}
	}
	return nil, err
}

func (p *parser) subscript(of expr) (expr, error) {
	var from, to expr
	var err error
	if !p.peek().is("..") {
		if from, err = p.expression(); err != nil {
			return nil, err
		}
		if p.accept("]") {
			return &element{of: of, at: from}, nil
		}
	}
	if err := p.expect(".."); err != nil {
		return nil, err
	}
	if !p.peek().is("]") {
		if to, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return &slice{of: of, from: from, to: to}, p.expect("]")
}

// labels reads :A:B.
func (p *parser) labels() ([]string, error) {
	var labels []string
	for p.accept(":") {
		label, err := p.name()
		if err != nil {
			return nil, err
		}
		labels = append(labels, label)
	}
	return labels, nil
}

func (p *parser) atom() (expr, error) {
	switch t := p.peek(); t.kind {
	case tokenInt:
		return p.integer()
	case tokenFloat:
		p.next()
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, semantic("Floating point literal %s is out of range.", t.text)
		}
		return &literal{value: f}, nil
	case tokenString:
		p.next()
		return &literal{value: t.text}, nil
	case tokenParam:
		p.next()
		return &parameter{name: t.text}, nil
	case tokenQuoted:
		p.next()
		return &variable{name: t.text}, nil
	case tokenName:
		return p.word()
	}
	return p.bracketed()
}

func (p *parser) integer() (expr, error) {
	t := p.next()
	n, err := strconv.ParseInt(strings.ToLower(t.text), base(t.text), 64)
	if err != nil {
		return nil, semantic("Integer literal %s is out of range.", t.text)
	}
	return &literal{value: n}, nil
}

// base is 10 even for 0123, unlike in Go.
func base(digits string) int {
	if len(digits) > 1 && lower(digits[1]) == 'x' {
		return 0
	}
	return 10
}

// bracketed reads (expression), [list] or {map}.
func (p *parser) bracketed() (expr, error) {
	switch {
	case p.accept("("):
		of, err := p.expression()
		if err != nil {
			return nil, err
		}
		return of, p.expect(")")
	case p.accept("["):
		if p.accept("]") {
			return &listOf{}, nil
		}
		items, err := commaSeparated(p, p.expression)
		if err != nil {
			return nil, err
		}
		return &listOf{items: items}, p.expect("]")
	case p.peek().is("{"):
		return p.mapping()
	}
	return nil, p.mismatch("(", "[", "{", "CASE", "NOT", "NULL", "TRUE", "FALSE", "StringLiteral", "DecimalLiteral", "FloatingLiteral", "ParameterName", "UnescapedSymbolicName")
}

// mapping reads {key: value, ...}.
func (p *parser) mapping() (*mapOf, error) {
	m := &mapOf{}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	if p.accept("}") {
		return m, nil
	}
	_, err := commaSeparated(p, func() (struct{}, error) {
		key, err := p.name()
		if err != nil {
			return struct{}{}, err
		}
		if err := p.expect(":"); err != nil {
			return struct{}{}, err
		}
		value, err := p.expression()
		m.keys, m.values = append(m.keys, key), append(m.values, value)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	return m, p.expect("}")
}

// word reads what begins with a letter.
func (p *parser) word() (expr, error) {
	t := p.next()
	switch {
	case t.is("TRUE"), t.is("FALSE"):
		return &literal{value: t.is("TRUE")}, nil
	case t.is("NULL"):
		return &literal{}, nil
	case t.is("CASE"):
		return p.cases()
	case p.peek().is("("):
		return p.call(t.text)
	}
	return &variable{name: t.text}, nil
}

func (p *parser) cases() (expr, error) {
	c := &caseOf{}
	var err error
	if !p.peek().is("WHEN") {
		if c.subject, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for len(c.when) == 0 || p.peek().is("WHEN") {
		if err := p.expect("WHEN"); err != nil {
			return nil, err
		}
		when, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.expect("THEN"); err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.when, c.then = append(c.when, when), append(c.then, then)
	}
	if p.accept("ELSE") {
		if c.otherwise, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return c, p.expect("END")
}

// call reads the arguments of a function or an aggregation.
func (p *parser) call(name string) (expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if kind, ok := aggregateKind(name); ok {
		return p.aggregation(kind)
	}
	c := &call{name: name}
	if !p.accept(")") {
		var err error
		if c.args, err = commaSeparated(p, p.expression); err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	}
	return c, c.resolve()
}

func (p *parser) aggregation(kind aggregateOp) (expr, error) {
	a := &aggregate{kind: kind}
	if kind == aggregateCount && p.accept("*") {
		return a, p.expect(")")
	}
	a.distinct = p.accept("DISTINCT")
	var err error
	if a.of, err = p.expression(); err != nil {
		return nil, err
	}
	return a, p.expect(")")
}
