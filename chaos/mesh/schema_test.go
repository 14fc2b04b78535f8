package mesh

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"
)

// kinds are those that the faults of this package are made of.
func kinds() []string {
	return []string{"PodChaos", "NetworkChaos", "IOChaos", "StressChaos", "TimeChaos"}
}

func pinned(kind string) string {
	return filepath.Join("testdata", "crds", strings.ToLower(kind)+".json")
}

// violations is what is wrong with an object by the schema of its kind, made
// stricter: a field that the schema does not know is an error, as it is for a server
// that validates strictly.
func violations(t *testing.T, object *unstructured.Unstructured) []error {
	t.Helper()
	text, err := os.ReadFile(pinned(object.GetKind()))
	require.NoError(t, err)
	content := map[string]any{}
	require.NoError(t, json.Unmarshal(text, &content))
	tighten(content)
	text, err = json.Marshal(content)
	require.NoError(t, err)
	schema := &spec.Schema{}
	require.NoError(t, json.Unmarshal(text, schema))
	return validate.NewSchemaValidator(schema, nil, "", strfmt.Default).Validate(object.Object).Errors
}

// tighten forbids unknown fields in a schema and all below it.
func tighten(schema map[string]any) {
	properties, ok := schema["properties"].(map[string]any)
	if ok {
		schema["additionalProperties"] = false
	}
	for _, p := range properties {
		tighten(p.(map[string]any))
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if s, ok := schema[key].(map[string]any); ok {
			tighten(s)
		}
	}
}

// With CRDS, the pinned schemas are made anew of the definitions in that folder;
// without, they are checked to be compact.
func TestThePinnedSchemasAreThoseOfTheDefinitions(t *testing.T) {
	for _, kind := range kinds() {
		if crds := os.Getenv("CRDS"); crds != "" {
			require.NoError(t, os.WriteFile(pinned(kind), compacted(t, filepath.Join(crds, "chaos-mesh.org_"+strings.ToLower(kind)+".yaml")), 0o644))
		}
		text, err := os.ReadFile(pinned(kind))
		require.NoError(t, err)
		require.NotContains(t, string(text), `"description"`, kind)
	}
}

// compacted is the schema in a definition, without descriptions.
func compacted(t *testing.T, definition string) []byte {
	t.Helper()
	text, err := os.ReadFile(definition)
	require.NoError(t, err)
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &crd))
	require.Len(t, crd.Spec.Versions, 1)
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	bare(schema)
	out, err := json.MarshalIndent(schema, "", " ")
	require.NoError(t, err)
	return append(out, '\n')
}

// bare removes the descriptions of a schema and of all below it. A property may
// have that name itself.
func bare(schema map[string]any) {
	delete(schema, "description")
	properties, _ := schema["properties"].(map[string]any)
	for _, p := range properties {
		bare(p.(map[string]any))
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if s, ok := schema[key].(map[string]any); ok {
			bare(s)
		}
	}
}
