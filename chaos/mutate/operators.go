package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// The operators, as they are named in the report.
const (
	negated      = "condition negated"
	logic        = "&& for ||"
	sideDropped  = "side dropped"
	comparison   = "comparison"
	guardDropped = "guard dropped"
	caseDropped  = "case dropped"
	ruleDropped  = "rule dropped"
	answer       = "decision replaced"
	constant     = "constant swapped"
	number       = "number"
	dropped      = "statement dropped"
)

// finder walks one file and notes what can be changed.
type finder struct {
	set      *token.FileSet
	source   *source
	function *ast.FuncDecl
	next     neighbours
	rules    map[*ast.ReturnStmt]bool // those that return a decision
	list     []mutant
	coarse   map[ast.Expr]bool // numbers of which one more or less is nothing
	found    map[string]bool   // two operators may lead to the same change
}

func (f *finder) find() []mutant {
	for _, decl := range f.source.tree.Decls {
		f.function, _ = decl.(*ast.FuncDecl)
		ast.Inspect(decl, f.visit)
	}
	return f.list
}

// visit is told every node before what is inside it; false leaves that out.
func (f *finder) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.ImportSpec, *ast.TypeSpec, *ast.ArrayType:
		return false
	case *ast.FuncDecl:
		f.answers(n.Type, n.Body)
	case *ast.FuncLit:
		f.answers(n.Type, n.Body)
	case *ast.IfStmt:
		f.negate(n.Cond)
		if n.Else == nil {
			f.change(guardDropped, n.Cond, "false && ("+f.text(n.Cond)+")")
		}
	case *ast.SwitchStmt:
		f.cases(n)
	case *ast.ReturnStmt:
		f.replaceAnswer(n)
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.negate(n)
		}
	case *ast.CallExpr:
		return f.call(n)
	case *ast.AssignStmt:
		f.dropAssignment(n)
	case *ast.ExprStmt:
		f.change(dropped, n, "")
	case *ast.IncDecStmt:
		f.change(dropped, n, "")
	case *ast.ValueSpec:
		for _, value := range n.Values {
			ast.Inspect(value, f.visit)
		}
		return false
	case *ast.SelectorExpr: // the name behind the dot is no constant of ours
		ast.Inspect(n.X, f.visit)
		return false
	case *ast.KeyValueExpr: // nor is the name of a field
		ast.Inspect(n.Value, f.visit)
		return false
	case *ast.Ident:
		f.swap(n)
	case *ast.BasicLit:
		f.count(n)
	}
	return true
}

// negate a condition. Those that compare are left to comparisons.
func (f *finder) negate(e ast.Expr) {
	switch n := e.(type) {
	case *ast.UnaryExpr:
		f.change(negated, n, f.text(n.X))
	case *ast.BinaryExpr:
		if n.Op != token.EQL && n.Op != token.NEQ {
			f.change(negated, n, "!("+f.text(n)+")")
		}
	default:
		f.change(negated, n, "!("+f.text(n)+")")
	}
}

func (f *finder) cases(n *ast.SwitchStmt) {
	for _, clause := range n.Body.List {
		clause := clause.(*ast.CaseClause)
		switch {
		case clause.List == nil: // without its default it would not compile, or mean the same
		case n.Tag != nil:
			f.change(caseDropped, clause, "")
		default:
			for _, e := range clause.List {
				f.negate(e)
				f.change(caseDropped, e, "false && ("+f.text(e)+")")
			}
		}
	}
}

func (f *finder) binary(n *ast.BinaryExpr) {
	switch other := opposites()[n.Op]; n.Op {
	case token.MUL:
		f.coarse[n.X] = true
	case token.LAND, token.LOR:
		f.change(logic, n, "("+f.text(n.X)+" "+other.String()+" "+f.text(n.Y)+")")
		f.change(sideDropped, n, f.text(n.X))
		f.change(sideDropped, n, f.text(n.Y))
		for _, side := range []ast.Expr{n.X, n.Y} {
			if _, compound := side.(*ast.BinaryExpr); !compound {
				f.negate(side)
			}
		}
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		f.change(comparison, n, f.text(n.X)+" "+other.String()+" "+f.text(n.Y))
		if n.Op == token.GTR && f.text(n.Y) == "0" {
			f.coarse[n.Y] = true
		}
	}
}

// opposites of the operators that stand between two values. For the order of two
// numbers it is the neighbour that differs only where they are equal; the
// negation is tried too.
func opposites() map[token.Token]token.Token {
	return map[token.Token]token.Token{
		token.LAND: token.LOR, token.LOR: token.LAND,
		token.EQL: token.NEQ, token.NEQ: token.EQL,
		token.LSS: token.LEQ, token.LEQ: token.LSS,
		token.GTR: token.GEQ, token.GEQ: token.GTR,
	}
}

// call drops each rule of a list. Of other calls it leaves out what is text for
// people: a format, which is to be known by its spaces, and what follows it.
func (f *finder) call(n *ast.CallExpr) bool {
	if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "first" {
		for i, rule := range n.Args {
			rest := slices.Delete(slices.Clone(n.Args), i, i+1)
			f.changeAs(ruleDropped, n, "first("+f.texts(rest)+")", f.text(rule), "")
		}
	}
	ast.Inspect(n.Fun, f.visit)
	for _, arg := range n.Args {
		if f.isProse(arg) {
			return false
		}
		ast.Inspect(arg, f.visit)
	}
	return false
}

func (f *finder) isProse(e ast.Expr) bool {
	switch n := e.(type) {
	case *ast.BasicLit:
		return n.Kind == token.STRING && strings.Contains(n.Value, " ")
	case *ast.BinaryExpr:
		return n.Op == token.ADD && (f.isProse(n.X) || f.isProse(n.Y))
	}
	return false
}

// answers notes which returns of a function give a decision and nothing else.
func (f *finder) answers(kind *ast.FuncType, body *ast.BlockStmt) {
	if kind.Results == nil || len(kind.Results.List) != 1 || f.text(kind.Results.List[0].Type) != "*decision" {
		return
	}
	ast.Inspect(body, func(node ast.Node) bool {
		if n, ok := node.(*ast.ReturnStmt); ok {
			f.rules[n] = true
		}
		_, inner := node.(*ast.FuncLit)
		return !inner
	})
}

// replaceAnswer lets a rule with a decision say nothing, and one with nothing to
// say wait. What is returned stays in the code, or a variable would be unused.
func (f *finder) replaceAnswer(n *ast.ReturnStmt) {
	switch {
	case !f.rules[n]:
	case f.text(n) == "return nil":
		f.change(answer, n, `return wait("")`)
	default:
		f.changeAs(answer, n, "if true { return nil }; "+f.text(n), f.text(n), "return nil")
	}
}

// dropAssignment of one value to what was there before.
func (f *finder) dropAssignment(n *ast.AssignStmt) {
	switch {
	case n.Tok == token.DEFINE:
	case len(n.Lhs) == 1:
		f.change(dropped, n, "")
	case len(n.Lhs) == len(n.Rhs):
		for i := range n.Lhs {
			left, right := slices.Delete(slices.Clone(n.Lhs), i, i+1), slices.Delete(slices.Clone(n.Rhs), i, i+1)
			f.changeAs(dropped, n, f.texts(left)+" = "+f.texts(right), f.text(n.Lhs[i])+" = "+f.text(n.Rhs[i]), "")
		}
	}
}

func (f *finder) swap(n *ast.Ident) {
	switch other := f.next[n.Name]; {
	case n.Name == "true" || n.Name == "false":
		f.change(constant, n, strconv.FormatBool(n.Name == "false"))
	case other != "":
		f.change(constant, n, other)
	}
}

// count changes a number to none, and a small one by one: of a large limit, or of a
// product, which is a time, no user would notice that. Nor is it tried where a
// comparison asks whether there is any at all.
func (f *finder) count(n *ast.BasicLit) {
	const small = 10
	value, err := strconv.Atoi(n.Value)
	if n.Kind != token.INT || err != nil {
		return
	}
	if value != 0 {
		f.change(number, n, "0")
	}
	if value < small && !f.coarse[n] {
		f.change(number, n, strconv.Itoa(value+1))
	}
}

func (f *finder) text(n ast.Node) string {
	return f.source.text[f.offset(n.Pos()):f.offset(n.End())]
}

func (f *finder) texts(list []ast.Expr) string {
	var texts []string
	for _, e := range list {
		texts = append(texts, f.text(e))
	}
	return strings.Join(texts, ", ")
}

func (f *finder) offset(p token.Pos) int { return f.set.Position(p).Offset }

// change notes that a piece of code is replaced.
func (f *finder) change(operator string, n ast.Node, to string) {
	f.changeAs(operator, n, to, f.text(n), to)
}

// changeAs is change, told to people in another way.
func (f *finder) changeAs(operator string, n ast.Node, to, before, after string) {
	m := mutant{
		source: f.source, line: f.set.Position(n.Pos()).Line, operator: operator, before: brief(before), after: brief(after),
		from: f.offset(n.Pos()), end: f.offset(n.End()), with: to, function: f.function,
	}
	if text := m.text(); !f.found[text] {
		f.found[text] = true
		f.list = append(f.list, m)
	}
}
