package standin

import (
	"strings"
	"unicode"

	"memgraph-controller/clusters/standin/cypher"
)

// token is a piece of a statement.
type token struct {
	kind tokenKind
	text string // a word as written; a name or string without its quotes
	line int    // from 1
	col  int    // from 0
}

type tokenKind byte

const (
	endToken tokenKind = iota
	wordToken
	numberToken
	nameToken   // `quoted with grave accents`
	stringToken // 'quoted' or "quoted"
	otherToken
)

// tokenize splits a statement. It never fails: what it does not know becomes
// tokens that no statement expects.
func tokenize(query string) []token {
	tokens := make([]token, 0, len(query)/4+2)
	runes := []rune(query)
	line, start := 1, 0
	for at := 0; at < len(runes); {
		r := runes[at]
		if r == '\n' {
			line, start = line+1, at+1
		}
		if unicode.IsSpace(r) {
			at++
			continue
		}
		t := token{line: line, col: at - start}
		t.kind, t.text, at = scan(runes, at)
		tokens = append(tokens, t)
	}
	if n := len(tokens); n > 0 && tokens[n-1].kind == otherToken && tokens[n-1].text == ";" {
		tokens = tokens[:n-1]
	}
	return append(tokens, token{kind: endToken, text: "<EOF>", line: line, col: len(runes) - start})
}

func scan(runes []rune, at int) (tokenKind, string, int) {
	r := runes[at]
	switch {
	case r == '`' || r == '\'' || r == '"':
		return scanQuoted(runes, at)
	case unicode.IsDigit(r):
		end := scanWhile(runes, at, unicode.IsDigit)
		return numberToken, string(runes[at:end]), end
	case unicode.IsLetter(r) || r == '_':
		end := scanWhile(runes, at, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' })
		return wordToken, string(runes[at:end]), end
	}
	return otherToken, string(r), at + 1
}

func scanWhile(runes []rune, at int, is func(rune) bool) int {
	for at < len(runes) && is(runes[at]) {
		at++
	}
	return at
}

// scanQuoted reads a quoted text; a backslash takes the next rune as it is.
func scanQuoted(runes []rune, at int) (tokenKind, string, int) {
	quote, kind := runes[at], stringToken
	if quote == '`' {
		kind = nameToken
	}
	var text strings.Builder
	for at++; at < len(runes); at++ {
		switch r := runes[at]; {
		case r == quote:
			return kind, text.String(), at + 1
		case r == '\\' && kind == stringToken && at+1 < len(runes):
			at++
			text.WriteRune(runes[at])
		default:
			text.WriteRune(r)
		}
	}
	return otherToken, string(quote), at
}

// reader takes a statement apart. Its methods report a mismatch through fail.
type reader struct {
	tokens []token
	at     int
	err    error
}

func (r *reader) next() token { return r.tokens[r.at] }

// is takes the given words, all or none of them.
func (r *reader) is(words ...string) bool {
	for n, word := range words {
		if r.at+n >= len(r.tokens) {
			return false
		}
		if t := r.tokens[r.at+n]; t.kind != wordToken || !strings.EqualFold(t.text, word) {
			return false
		}
	}
	r.at += len(words)
	return true
}

func (r *reader) expect(word string) {
	if r.err == nil && !r.is(word) {
		r.fail(word)
	}
}

func (r *reader) take(what string, kinds ...tokenKind) string {
	if r.err != nil {
		return ""
	}
	t := r.next()
	for _, kind := range kinds {
		if t.kind == kind {
			r.at++
			return t.text
		}
	}
	r.fail(what)
	return ""
}

// name takes a symbolic name: a word, or anything in grave accents.
func (r *reader) name() string { return r.take("a name", wordToken, nameToken) }

// end tells whether all went well and nothing is left.
func (r *reader) end() error {
	if r.err == nil && r.next().kind != endToken {
		r.fail("<EOF>")
	}
	return r.err
}

func (r *reader) fail(expected string) {
	t := r.next()
	r.err = &cypher.SyntaxError{
		Line: t.line, Position: t.col + 1,
		Message: "mismatched input '" + t.text + "' expecting " + expected,
	}
}
