package charts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// value is one that a person can set.
type value struct {
	path, standard, about string
}

// values reads values.yaml with its comments: a value has one that begins with
// "# --".
func values(t *testing.T) (found []value) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(data, &document))
	var walk func(path string, node *yaml.Node)
	walk = func(path string, node *yaml.Node) {
		for n := 0; n < len(node.Content); n += 2 {
			key, content := node.Content[n], node.Content[n+1]
			at := strings.TrimPrefix(path+"."+key.Value, ".")
			about, documented := comment(key.HeadComment)
			if documented {
				found = append(found, value{at, inline(t, content), about})
				continue
			}
			require.Equal(t, yaml.MappingNode, content.Kind, "%s has no comment that begins with \"# --\"", at)
			walk(at, content)
		}
	}
	walk("", document.Content[0])
	require.NotEmpty(t, found)
	return found
}

// comment is what is said of a value, in one line.
func comment(head string) (about string, ok bool) {
	_, about, ok = strings.Cut("\n"+head, "\n# -- ")
	return strings.Join(strings.Fields(strings.ReplaceAll(about, "\n#", "\n")), " "), ok
}

// inline is a value as JSON, which a table has room for.
func inline(t *testing.T, node *yaml.Node) string {
	t.Helper()
	var content any
	require.NoError(t, node.Decode(&content))
	text, err := json.Marshal(content)
	require.NoError(t, err)
	return string(text)
}

const (
	valuesBegin = "<!-- values: begin -->\n"
	valuesEnd   = "<!-- values: end -->"
)

// Who has only the chart finds its values there, and who reads the pages among the rest of
// what can be set. UPDATE=1 writes the tables anew.
func TestTheReadmeListsEveryValue(t *testing.T) {
	var table bytes.Buffer
	fmt.Fprint(&table, "| value | default | what it is |\n|---|---|---|\n")
	for _, v := range values(t) {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s |\n", v.path, v.standard, strings.ReplaceAll(v.about, "|", `\|`))
	}
	for _, path := range []string{filepath.Join(chart, "README.md"), filepath.Join("..", "docs", "reference.md")} {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		head, rest, ok := strings.Cut(string(page), valuesBegin)
		require.True(t, ok, "%s has lost its mark %q", path, valuesBegin)
		_, tail, ok := strings.Cut(rest, valuesEnd)
		require.True(t, ok, "%s has lost its mark %q", path, valuesEnd)
		want := head + valuesBegin + table.String() + valuesEnd + tail
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(page), "run `UPDATE=1 go test -short ./charts`")
	}
}

// schema is the part of a JSON schema that says which values there are.
type schema struct {
	Ref                  string            `json:"$ref"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties any               `json:"additionalProperties"`
	Definitions          map[string]schema `json:"definitions"`
}

// paths lists the values that a schema knows: those below which it knows no
// others by name.
func (s schema) paths(t *testing.T, root schema, at string) (found []string) {
	t.Helper()
	if s.Ref != "" {
		s = root.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
	}
	if len(s.Properties) == 0 {
		return []string{at}
	}
	require.Equal(t, false, s.AdditionalProperties, "%s: a misspelt value would be passed over", at)
	for name, property := range s.Properties {
		found = append(found, property.paths(t, root, strings.TrimPrefix(at+"."+name, "."))...)
	}
	return found
}

func TestTheSchemaKnowsExactlyTheValuesThatThereAre(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	require.NoError(t, err)
	var root schema
	require.NoError(t, json.Unmarshal(data, &root))
	delete(root.Properties, "global") // Helm's own
	known := map[string]bool{}
	for _, path := range root.paths(t, root, "") {
		known[withoutResources(path)] = true
	}
	documented := map[string]bool{}
	for _, v := range values(t) {
		documented[v.path] = true
	}
	require.Equal(t, documented, known)
}

// withoutResources: requests and limits are one value in values.yaml.
func withoutResources(path string) string {
	for _, end := range []string{".requests", ".limits"} {
		path = strings.TrimSuffix(path, end)
	}
	return path
}
