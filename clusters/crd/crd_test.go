package crd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/crd"
)

const definition = `
spec:
  versions:
    - schema:
        openAPIV3Schema:
          description: a thing
          type: object
          properties:
            description: {type: string, description: what it is}
            parts:
              type: array
              items: {type: object, properties: {name: {type: string}}}
`

func TestSchemaHasNoDescriptionsAndKnowsAPropertyOfThatName(t *testing.T) {
	schema, err := crd.Schema([]byte(definition))
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"type": "object",
		"properties": map[string]any{
			"description": map[string]any{"type": "string"},
			"parts": map[string]any{"type": "array", "items": map[string]any{
				"type": "object", "properties": map[string]any{"name": map[string]any{"type": "string"}},
			}},
		},
	}, schema)
	crd.Tighten(schema)
	require.Equal(t, false, schema["additionalProperties"])
	parts := schema["properties"].(map[string]any)["parts"].(map[string]any)
	require.Equal(t, false, parts["items"].(map[string]any)["additionalProperties"])
}

func TestDefinitionOfSeveralVersionsIsRefused(t *testing.T) {
	_, err := crd.Schema([]byte("spec: {versions: [{}, {}]}"))
	require.ErrorContains(t, err, "2 versions")
	_, err = crd.Schema([]byte("{"))
	require.Error(t, err)
}
