package charts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/crd"
)

// operatorSchemas are the schemas of the Prometheus Operator's kinds, as kubeconform
// looks for them. They are of its release 0.85.0.
const operatorSchemas = "testdata/crds"

// With CRDS, the schemas are made anew of the definitions in that folder (the operator's
// example/prometheus-operator-crd); without, they are checked to be strict.
func TestTheOperatorsSchemasForbidUnknownFields(t *testing.T) {
	for file, definition := range map[string]string{
		"servicemonitor-monitoring-v1.json": "monitoring.coreos.com_servicemonitors.yaml",
		"prometheusrule-monitoring-v1.json": "monitoring.coreos.com_prometheusrules.yaml",
	} {
		path := filepath.Join(operatorSchemas, file)
		if crds := os.Getenv("CRDS"); crds != "" {
			text, err := os.ReadFile(filepath.Join(crds, definition))
			require.NoError(t, err)
			schema, err := crd.Schema(text)
			require.NoError(t, err)
			crd.Tighten(schema)
			out, err := json.Marshal(schema)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, append(out, '\n'), 0o644))
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), `"additionalProperties":false`, file)
		require.NotContains(t, string(text), `"description"`, file)
	}
}
