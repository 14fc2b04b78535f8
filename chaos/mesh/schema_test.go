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

	"memgraph-controller/clusters/crd"
)

// kinds are those that the faults of this package are made of.
func kinds() []string {
	return []string{"PodChaos", "NetworkChaos", "IOChaos", "TimeChaos"}
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
	crd.Tighten(content)
	text, err = json.Marshal(content)
	require.NoError(t, err)
	schema := &spec.Schema{}
	require.NoError(t, json.Unmarshal(text, schema))
	return validate.NewSchemaValidator(schema, nil, "", strfmt.Default).Validate(object.Object).Errors
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
	schema, err := crd.Schema(text)
	require.NoError(t, err)
	out, err := json.MarshalIndent(schema, "", " ")
	require.NoError(t, err)
	return append(out, '\n')
}
