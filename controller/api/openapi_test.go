package api

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// schema is what this test compares of a schema.
type schema struct {
	Ref        string            `yaml:"$ref"`
	Type       string            `yaml:"type"`
	Format     string            `yaml:"format"`
	Items      *schema           `yaml:"items"`
	Properties map[string]schema `yaml:"properties"`
	Extra      any               `yaml:"additionalProperties"`
}

func readDocument(t *testing.T) (paths map[string]map[string]any, schemas map[string]schema) {
	t.Helper()
	var document struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]schema }
	}
	require.NoError(t, yaml.Unmarshal(openAPI, &document))
	return document.Paths, document.Components.Schemas
}

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	paths, _ := readDocument(t)
	var described, served []string
	for path, operations := range paths {
		for method := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	server := Server{config: Config{Backend: healthyBackend()}}
	for _, r := range server.routes() {
		served = append(served, r.method+" "+strings.TrimSuffix(r.path, "{$}"))
	}
	require.ElementsMatch(t, served, described)
}

// TestTheDocumentHasEveryFieldAndNoOther walks from the types that are sent and
// received to everything that they contain.
func TestTheDocumentHasEveryFieldAndNoOther(t *testing.T) {
	_, schemas := readDocument(t)
	names := map[reflect.Type]string{
		reflect.TypeFor[gateway.Status]():  "GatewayStatus",
		reflect.TypeFor[topology.Record](): "Record",
	}
	walk := &documentWalk{t: t, schemas: schemas, names: names, seen: map[string]bool{}}
	for _, root := range []any{
		State{}, Connection{}, Failover{}, Report{}, Accepted{}, Error{}, SwitchoverRequest{}, FailoverRequest{}, PauseRequest{},
	} {
		walk.object(reflect.TypeOf(root))
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(schemas)), slices.Collect(maps.Keys(walk.seen)),
		"every schema belongs to a type")
}

// documentWalk compares Go types with schemas.
type documentWalk struct {
	t       *testing.T
	schemas map[string]schema
	names   map[reflect.Type]string
	seen    map[string]bool
}

// object compares a struct with the schema of its name.
func (w *documentWalk) object(of reflect.Type) (name string) {
	name = of.Name()
	if other, ok := w.names[of]; ok {
		name = other
	}
	if w.seen[name] {
		return name
	}
	w.seen[name] = true
	described, ok := w.schemas[name]
	require.True(w.t, ok, "schema %s is missing", name)
	fields := map[string]reflect.Type{}
	jsonFields(of, fields)
	require.ElementsMatch(w.t, slices.Collect(maps.Keys(fields)), slices.Collect(maps.Keys(described.Properties)),
		"properties of schema %s", name)
	for key, field := range fields {
		w.value(name+"."+key, field, described.Properties[key])
	}
	return name
}

// jsonFields lists the keys that encoding/json uses for a struct.
func jsonFields(of reflect.Type, into map[string]reflect.Type) {
	for field := range of.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && key == "":
			jsonFields(field.Type, into)
		case key != "-":
			into[key] = field.Type
		}
	}
}

// value compares one field's type with its schema.
func (w *documentWalk) value(where string, of reflect.Type, described schema) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[time.Time]():
		require.Equal(w.t, "string date-time", described.Type+" "+described.Format, where)
	case of == reflect.TypeFor[Duration]():
		require.Equal(w.t, "number", described.Type, where)
		require.True(w.t, strings.HasSuffix(where, "_seconds"), "%s: the unit belongs into the key", where)
	case of == reflect.TypeFor[time.Duration]():
		w.t.Errorf("%s would be a number of nanoseconds", where)
	case of.Implements(reflect.TypeFor[json.Marshaler]()):
		w.t.Errorf("%s: teach this test about %s", where, of)
	case of.Kind() == reflect.Struct:
		require.Equal(w.t, "#/components/schemas/"+w.object(of), described.Ref, where)
	case of.Kind() == reflect.Slice:
		require.Equal(w.t, "array", described.Type, where)
		require.NotNil(w.t, described.Items, where)
		w.value(where, of.Elem(), *described.Items)
	case of.Kind() == reflect.Map:
		require.Equal(w.t, "object", described.Type, where)
		w.value(where, of.Elem(), w.extra(where, described))
	default:
		require.Equal(w.t, plainType(of), described.Type, where)
	}
}

// extra returns the schema of a map's values.
func (w *documentWalk) extra(where string, described schema) schema {
	fields, ok := described.Extra.(map[string]any)
	require.True(w.t, ok, "%s: additionalProperties is missing", where)
	ref, _ := fields["$ref"].(string)
	kind, _ := fields["type"].(string)
	return schema{Ref: ref, Type: kind}
}

func plainType(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if of == reflect.TypeFor[Period]() {
			return "string"
		}
		return "integer"
	default:
		return of.String() + " is not expected in JSON"
	}
}
