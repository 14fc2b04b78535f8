package cypher

import (
	"fmt"
	"strings"
)

// Bounds on what a query can make the parser and the evaluator do on the stack.
const (
	maxNesting = 100  // brackets within brackets
	maxChain   = 5000 // operators in a row
)

// statementWords may begin a statement of this language.
var statementWords = []string{"CREATE", "DELETE", "DETACH", "DROP", "MATCH", "MERGE", "OPTIONAL", "REMOVE", "RETURN", "SET", "SHOW", "UNWIND", "WITH"}

// parser reads tokens from left to right. Its methods return at the first
// error, which tells where it was and what would have fitted.
type parser struct {
	query  string
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

// ahead is the token n places after the current one.
func (p *parser) ahead(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEOF {
		p.at++
	}
	return t
}

// accept takes the given keywords or symbols if all of them come next.
func (p *parser) accept(words ...string) bool {
	for i, word := range words {
		if !p.ahead(i).is(word) {
			return false
		}
	}
	p.at += len(words)
	return true
}

// expect takes the given keywords or symbols, all of which must come next.
func (p *parser) expect(words ...string) error {
	for _, word := range words {
		if !p.accept(word) {
			return p.mismatch(word)
		}
	}
	return nil
}

// mismatch complains about the current token in the words of Memgraph's parser.
func (p *parser) mismatch(expected ...string) error {
	t := p.peek()
	found := "<EOF>"
	if t.kind != tokenEOF {
		found = p.query[t.start:t.end]
	}
	for i, word := range expected {
		if !isWord(word) && !strings.HasPrefix(word, "<") {
			expected[i] = "'" + word + "'"
		}
	}
	wanted := strings.Join(expected, ", ")
	if len(expected) > 1 {
		wanted = "{" + wanted + "}"
	}
	return &SyntaxError{Line: t.line, Position: t.position, Message: fmt.Sprintf("mismatched input '%s' expecting %s", found, wanted)}
}

// isWord tells keywords and kinds of tokens from symbols.
func isWord(s string) bool { return s != "" && nameLength(s, false) == len(s) }

// nest guards every recursion.
func (p *parser) nest() error {
	if p.depth++; p.depth > maxNesting {
		t := p.peek()
		return &SyntaxError{Line: t.line, Position: t.position, Message: fmt.Sprintf("an expression nested deeper than %d levels", maxNesting)}
	}
	return nil
}

func (p *parser) unnest() { p.depth-- }

// chain guards the length of a row of operators.
func (p *parser) chain(length int) error {
	if length < maxChain {
		return nil
	}
	t := p.peek()
	return &SyntaxError{Line: t.line, Position: t.position, Message: fmt.Sprintf("more than %d operators in a row", maxChain)}
}

// name takes a label, type, property key, alias or variable.
func (p *parser) name() (string, error) {
	t := p.peek()
	if t.kind != tokenName && t.kind != tokenQuoted {
		return "", p.mismatch("UnescapedSymbolicName", "EscapedSymbolicName")
	}
	p.next()
	return t.text, nil
}

// commaSeparated reads one or more items with commas between.
func commaSeparated[T any](p *parser, item func() (T, error)) ([]T, error) {
	var items []T
	for {
		next, err := item()
		if err != nil {
			return nil, err
		}
		items = append(items, next)
		if !p.accept(",") {
			return items, nil
		}
	}
}

// textSince is the query's text from token number start up to the last one
// taken, which names columns.
func (p *parser) textSince(start int) string {
	return p.query[p.tokens[start].start:p.tokens[p.at-1].end]
}
