// Package crd takes schemas out of CustomResourceDefinitions, so that objects can be
// checked against them where no API server has them.
package crd

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// Schema is the schema in a definition of one version, without descriptions.
func Schema(definition []byte) (map[string]any, error) {
	var parsed struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal(definition, &parsed); err != nil {
		return nil, err
	}
	if n := len(parsed.Spec.Versions); n != 1 {
		return nil, fmt.Errorf("it defines %d versions, not one", n)
	}
	schema := parsed.Spec.Versions[0].Schema.OpenAPIV3Schema
	bare(schema)
	return schema, nil
}

// bare removes the descriptions of a schema and of all below it. A property may
// have that name itself.
func bare(schema map[string]any) {
	delete(schema, "description")
	each(schema, bare)
}

// Tighten forbids unknown fields in a schema and all below it, as a server does that
// validates strictly.
func Tighten(schema map[string]any) {
	if _, ok := schema["properties"].(map[string]any); ok {
		schema["additionalProperties"] = false
	}
	each(schema, Tighten)
}

// each visits what is right below a schema.
func each(schema map[string]any, visit func(map[string]any)) {
	properties, _ := schema["properties"].(map[string]any)
	for _, p := range properties {
		if s, ok := p.(map[string]any); ok {
			visit(s)
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if s, ok := schema[key].(map[string]any); ok {
			visit(s)
		}
	}
}
