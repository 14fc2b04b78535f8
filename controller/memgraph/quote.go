package memgraph

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// plainName has no character that could end a quoted name or surprise the
// server: what Kubernetes and Memgraph's own default rule for users allow.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.+@-]{1,253}$`)

// quoteName returns name as an identifier. It is quoted always, because a dash
// needs it and so does a name that happens to be a keyword.
func quoteName(name string) (string, error) {
	if !plainName.MatchString(name) {
		return "", fmt.Errorf("the name %q may only have letters, digits and _ . + @ -", name)
	}
	return "`" + name + "`", nil
}

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// quoteText returns text as a string literal.
func quoteText(text string) (string, error) {
	for _, r := range text {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return "", fmt.Errorf("control characters and invalid UTF-8 are not allowed in a text for the database")
		}
	}
	return "'" + escapes.Replace(text) + "'", nil
}
