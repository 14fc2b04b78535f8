package schemas

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
)

const document = `{"definitions": {
  "io.k8s.api.apps.v1.Thing": {
    "type": "object",
    "properties": {
      "kind": {"type": "string"},
      "port": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
      "parts": {"type": "array", "items": {"type": "object", "properties": {"size": {"type": "string"}}}},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}}
    },
    "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Thing"}]
  },
  "io.k8s.api.core.v1.Plain": {
    "type": "object",
    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Plain"}]
  },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"}
}}`

func written(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "schemas")
	path := filepath.Join(t.TempDir(), "swagger.json")
	require.NoError(t, os.WriteFile(path, []byte(document), 0o600))
	require.NoError(t, Write(OpenAPI{Path: path}, dir))
	return dir
}

func load(t *testing.T, path string) (content object) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &content))
	return content
}

func TestEveryKindGetsTheNameThatKubeconformLooksFor(t *testing.T) {
	dir := written(t)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"definitions.json", "plain-v1.json", "thing-apps-v1.json"}, names)
	thing := load(t, filepath.Join(dir, "thing-apps-v1.json"))
	require.Equal(t, object{"apiVersion": object{"const": "apps/v1"}, "kind": object{"const": "Thing"}}, thing["properties"])
}

func TestUnknownFieldsAreForbiddenAtEveryDepthAndFreeMapsStayFree(t *testing.T) {
	definitions := load(t, filepath.Join(written(t), "definitions.json"))["definitions"].(object)
	thing := definitions["io.k8s.api.apps.v1.Thing"].(object)
	require.Equal(t, false, thing["additionalProperties"])
	properties := thing["properties"].(object)
	require.Equal(t, false, properties["parts"].(object)["items"].(object)["additionalProperties"])
	require.Equal(t, object{"type": "string"}, properties["labels"].(object)["additionalProperties"])
}

func TestAPortMayBeANumberOrAName(t *testing.T) {
	definitions := load(t, filepath.Join(written(t), "definitions.json"))["definitions"].(object)
	require.Equal(t, object{"type": []any{"integer", "string"}}, definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"])
}

func TestADocumentWithoutKindsIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"components": {}}`), 0o600))
	require.ErrorContains(t, Write(OpenAPI{Path: path}, t.TempDir()), "it defines no kind")
}

// goCommand answers as go mod download does, and remembers where it was asked.
type goCommand struct{ dir string }

func (g *goCommand) Run(_ context.Context, c command.Command) (string, error) {
	g.dir = c.Dir
	return `{"Path": "k8s.io/kubernetes", "Version": "v1.34.4", "Dir": "/modules/kubernetes"}`, nil
}

func TestTheDocumentIsThatOfTheModulesKubernetes(t *testing.T) {
	run := &goCommand{}
	document, err := Document(t.Context(), run, "nodeimage")
	require.NoError(t, err)
	require.Equal(t, "nodeimage", run.dir)
	require.Equal(t, OpenAPI{Path: "/modules/kubernetes/api/openapi-spec/swagger.json", Version: "1.34.4"}, document)
}
