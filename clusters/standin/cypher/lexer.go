package cypher

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEOF    tokenKind = iota
	tokenName             // also keywords: the language reserves hardly any
	tokenQuoted           // `name`
	tokenInt
	tokenFloat
	tokenString
	tokenParam  // $name
	tokenSymbol // operators and punctuation
)

// token is a piece of a query. text is the name, the decoded string, the
// number's digits, the parameter's name or the symbol.
type token struct {
	kind           tokenKind
	text           string
	start, end     int // bytes in the query
	line, position int // from 1, in code points
}

// is compares with a keyword or symbol, given in upper case.
func (t token) is(word string) bool {
	switch t.kind {
	case tokenName:
		return strings.EqualFold(t.text, word)
	case tokenSymbol:
		return t.text == word
	}
	return false
}

// symbols in the order they are tried: longer ones first.
var symbols = [...]string{
	"<>", "<=", ">=", "+=", "..", "=~",
	"(", ")", "[", "]", "{", "}", ",", ".", ":", ";", "|", "=", "<", ">", "+", "-", "*", "/", "%", "^", "!", "&",
}

type lexer struct {
	query          string
	at             int
	line, position int
}

// tokenize splits a query. The last token is always tokenEOF.
func tokenize(query string) ([]token, error) {
	l := &lexer{query: query, line: 1, position: 1}
	tokens := make([]token, 0, len(query)/4+2)
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == tokenEOF {
			return tokens, nil
		}
	}
}

func (l *lexer) rest() string { return l.query[l.at:] }

// skip moves over n bytes and keeps count of lines and positions.
func (l *lexer) skip(n int) {
	for _, r := range l.query[l.at : l.at+n] {
		l.position++
		if r == '\n' {
			l.line++
			l.position = 1
		}
	}
	l.at += n
}

func (l *lexer) next() (token, error) {
	if err := l.skipBlank(); err != nil {
		return token{}, err
	}
	t := token{start: l.at, end: l.at, line: l.line, position: l.position}
	if l.at == len(l.query) {
		return t, nil
	}
	n, err := l.scan(&t)
	if err != nil {
		return token{}, err
	}
	l.skip(n)
	t.end = l.at
	return t, nil
}

// scan recognises the token at the current place and returns its length.
func (l *lexer) scan(t *token) (int, error) {
	rest := l.rest()
	switch c := rest[0]; {
	case c == '\'' || c == '"':
		return l.scanString(t, c)
	case c == '`':
		return l.scanQuoted(t)
	case c == '$':
		n := nameLength(rest[1:], true)
		if n == 0 {
			return 0, l.unrecognized(rest)
		}
		t.kind, t.text = tokenParam, rest[1:1+n]
		return 1 + n, nil
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.scanNumber(t), nil
	}
	if n := nameLength(rest, false); n > 0 {
		t.kind, t.text = tokenName, rest[:n]
		return n, nil
	}
	for _, s := range symbols {
		if strings.HasPrefix(rest, s) {
			t.kind, t.text = tokenSymbol, s
			return len(s), nil
		}
	}
	return 0, l.unrecognized(rest)
}

func (l *lexer) unrecognized(rest string) error {
	_, size := utf8.DecodeRuneInString(rest)
	return l.fail("token recognition error at: '" + rest[:size] + "'")
}

func (l *lexer) fail(message string) error {
	return &SyntaxError{Line: l.line, Position: l.position, Message: message}
}

// skipBlank skips white space and comments.
func (l *lexer) skipBlank() error {
	for l.at < len(l.query) {
		rest := l.rest()
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r):
			l.skip(size)
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.skip(n)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.fail("token recognition error at: '/*'")
			}
			l.skip(n + 4)
		default:
			return nil
		}
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameLength is how many bytes at the beginning of s make up a name.
func nameLength(s string, digitFirst bool) int {
	for i, r := range s {
		letter := r == '_' || unicode.IsLetter(r)
		digit := unicode.IsDigit(r) && (i > 0 || digitFirst)
		if !letter && !digit {
			return i
		}
	}
	return len(s)
}

// scanNumber reads an integer (decimal or 0x) or a float. In "1..3" the number
// is 1.
func (l *lexer) scanNumber(t *token) int {
	rest := l.rest()
	digits := func(from int) int {
		for from < len(rest) && isDigit(rest[from]) {
			from++
		}
		return from
	}
	t.kind = tokenInt
	if len(rest) > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X') {
		n := 2
		for n < len(rest) && strings.IndexByte("0123456789abcdefABCDEF", rest[n]) >= 0 {
			n++
		}
		t.text = rest[:n]
		return n
	}
	n := digits(0)
	if n+1 < len(rest) && rest[n] == '.' && isDigit(rest[n+1]) {
		t.kind = tokenFloat
		n = digits(n + 1)
	}
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		sign := n + 1
		if sign < len(rest) && (rest[sign] == '+' || rest[sign] == '-') {
			sign++
		}
		if end := digits(sign); end > sign {
			t.kind = tokenFloat
			n = end
		}
	}
	t.text = rest[:n]
	return n
}

// scanQuoted reads `a name`, in which two back-quotes stand for one.
func (l *lexer) scanQuoted(t *token) (int, error) {
	rest := l.rest()
	var name strings.Builder
	for i := 1; i < len(rest); i++ {
		if rest[i] == '`' {
			if i+1 == len(rest) || rest[i+1] != '`' {
				t.kind, t.text = tokenQuoted, name.String()
				return i + 1, nil
			}
			i++
		}
		name.WriteByte(rest[i])
	}
	return 0, l.fail("token recognition error at: '`'")
}
