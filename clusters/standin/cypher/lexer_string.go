package cypher

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanString reads a string in single or double quotes with its escapes.
func (l *lexer) scanString(t *token, quote byte) (int, error) {
	rest := l.rest()
	var s strings.Builder
	for i := 1; i < len(rest); {
		switch c := rest[i]; c {
		case quote:
			t.kind, t.text = tokenString, s.String()
			return i + 1, nil
		case '\\':
			n, ok := unescape(&s, rest[i+1:])
			if !ok {
				return 0, l.fail("token recognition error at: '" + rest[:i+1] + "'")
			}
			i += 1 + n
		default:
			s.WriteByte(c)
			i++
		}
	}
	return 0, l.fail("token recognition error at: '" + string(quote) + "'")
}

// unescape appends what follows a backslash and returns how long that was.
func unescape(s *strings.Builder, rest string) (int, bool) {
	if rest == "" {
		return 0, false
	}
	const plain, meant = `\'"bfnrt`, "\\'\"\b\f\n\r\t"
	if at := strings.IndexByte(plain, lower(rest[0])); at >= 0 {
		s.WriteByte(meant[at])
		return 1, true
	}
	digits := 0
	switch rest[0] {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	if digits == 0 || len(rest) <= digits {
		return 0, false
	}
	r, err := strconv.ParseUint(rest[1:1+digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(r)) {
		return 0, false
	}
	s.WriteRune(rune(r))
	return 1 + digits, true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
