package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

// What can be set in the code, and with which values the product runs, stands in the comments
// of structs: the reference is made of them. UPDATE=1 writes it anew.
func TestReferenceHasTheStructsOfTheConfiguration(t *testing.T) {
	source, err := os.ReadFile(referencePage)
	require.NoError(t, err)
	want := string(source)
	for mark, text := range map[string]string{
		"detection": detectionTable(t),
		"policy":    policyTable(t),
		"gateway":   gatewayTable(t),
		"record":    recordTable(t),
	} {
		begin, end := "<!-- "+mark+": begin -->\n", "<!-- "+mark+": end -->"
		head, rest, ok := strings.Cut(want, begin)
		require.True(t, ok, "the page has lost its mark %q", begin)
		_, tail, ok := strings.Cut(rest, end)
		require.True(t, ok, "the page has lost its mark %q", end)
		want = head + begin + text + end + tail
	}
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(referencePage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(source), "run `UPDATE=1 go test -run Reference .`")
}

func detectionTable(t *testing.T) string {
	var out bytes.Buffer
	fmt.Fprint(&out, "| field | fast | balanced | patient | what it is |\n|---|---|---|---|---|\n")
	fast, balanced, patient := controller.FastDetection(), controller.BalancedDetection(), controller.PatientDetection()
	for _, f := range fields(t, "controller/detection.go", "Detection") {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", f.name, value(t, fast, f), value(t, balanced, f), value(t, patient, f), f.about)
	}
	return out.String()
}

func policyTable(t *testing.T) string {
	var out bytes.Buffer
	fmt.Fprint(&out, "| field | value | what it is |\n|---|---|---|\n")
	for _, f := range fields(t, "controller/topology/policy.go", "Policy") {
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", f.name, value(t, topology.DefaultPolicy(), f), f.about)
	}
	return out.String()
}

// gatewayTable leaves out what is no number: who listens, dials and logs.
func gatewayTable(t *testing.T) string {
	var out bytes.Buffer
	fmt.Fprint(&out, "| field | what it is |\n|---|---|\n")
	for _, f := range fields(t, "gateway/config.go", "Config") {
		if f.kind == "int" || f.kind == "time.Duration" {
			fmt.Fprintf(&out, "| `%s` | %s |\n", f.name, f.about)
		}
	}
	return out.String()
}

func recordTable(t *testing.T) string {
	var out bytes.Buffer
	fmt.Fprint(&out, "| key | what it is |\n|---|---|\n")
	for _, f := range fields(t, "controller/topology/record.go", "Record") {
		fmt.Fprintf(&out, "| `%s` | %s |\n", f.key, f.about)
	}
	return out.String()
}

// field is one of a struct, as the source has it.
type field struct{ name, kind, key, about string }

// fields are those of a struct. One without a comment shares that of the last field with one.
func fields(t *testing.T, path, name string) (found []field) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	documented := ""
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.TypeSpec)
		if !is || spec.Name.Name != name {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			about := strings.Join(strings.Fields(f.Doc.Text()), " ")
			for _, n := range f.Names {
				about := strings.ReplaceAll(about, "|", `\|`)
				if about == "" {
					require.NotEmpty(t, documented, "%s.%s has no comment", name, n.Name)
					about = "See " + documented + "."
				} else {
					documented = n.Name
				}
				one := field{name: n.Name, kind: kindOf(f.Type), about: about}
				if f.Tag != nil {
					one.key, _, _ = strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
				}
				found = append(found, one)
			}
		}
		return false
	})
	require.NotEmpty(t, found, "%s has no struct %s", path, name)
	return found
}

// kindOf is the name of a simple type.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return kindOf(e.X) + "." + e.Sel.Name
	}
	return ""
}

// value is what a struct has in a field.
func value(t *testing.T, of any, f field) string {
	t.Helper()
	v := reflect.ValueOf(of).FieldByName(f.name)
	require.True(t, v.IsValid(), f.name)
	return fmt.Sprint(v.Interface())
}
