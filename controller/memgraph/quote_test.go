package memgraph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unquote reads a string literal as Memgraph does; false when it is not one.
func unquote(literal string) (string, bool) {
	inside, ok := strings.CutPrefix(literal, "'")
	if !ok {
		return "", false
	}
	var text strings.Builder
	for i := 0; i < len(inside); i++ {
		switch {
		case inside[i] == '\'':
			return text.String(), i == len(inside)-1
		case inside[i] == '\\' && i+1 < len(inside):
			i++
		}
		text.WriteByte(inside[i])
	}
	return "", false
}

func FuzzQuotedTextIsOneLiteralWithThatText(f *testing.F) {
	for _, text := range []string{"", "pw", `it's`, `\`, `\'`, `'; DROP USER a; //`, "grün ☃", "a\nb", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		literal, err := quoteText(text)
		if err != nil {
			return
		}
		got, ok := unquote(literal)
		require.True(t, ok, "%s is not one literal", literal)
		require.Equal(t, text, got)
	})
}

func FuzzQuotedNameCannotBeLeft(f *testing.F) {
	for _, name := range []string{"", "memgraph_0", "app@example.com", "a`b", "a b", "ä", "a\\"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		quoted, err := quoteName(name)
		if err != nil {
			return
		}
		require.Equal(t, "`"+name+"`", quoted)
		require.NotContains(t, name, "`")
		require.NotContains(t, name, `\`)
	})
}
