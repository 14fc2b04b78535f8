package schemas

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/clusters/command"
)

// definitionsFile holds all definitions; the other files refer to it.
const definitionsFile = "definitions.json"

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

// OpenAPI is the document of one version of Kubernetes.
type OpenAPI struct {
	Path    string
	Version string // such as 1.34.4
}

// Document finds the document of the Kubernetes that a module requires, and
// downloads it unless it is there. The module's folder is given, such as that of
// the node images (clusters/nodeimage), so that manifests are checked against the
// version that they are tried out on, and nothing is downloaded twice.
func Document(ctx context.Context, run runner, module string) (OpenAPI, error) {
	download := command.New("go", "mod", "download", "-json", "k8s.io/kubernetes")
	download.Dir = module
	out, err := run.Run(ctx, download)
	if err != nil {
		return OpenAPI{}, fmt.Errorf("the OpenAPI document: %w", err)
	}
	var found struct{ Dir, Version string }
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return OpenAPI{}, fmt.Errorf("the OpenAPI document: %s: %w", download, err)
	}
	path := filepath.Join(found.Dir, "api", "openapi-spec", "swagger.json")
	return OpenAPI{Path: path, Version: strings.TrimPrefix(found.Version, "v")}, nil
}

// object is a schema, or any other JSON object.
type object = map[string]any

// Write writes one schema for each kind into dir, named as kubeconform looks for
// them: statefulset-apps-v1.json.
func Write(document OpenAPI, dir string) error {
	data, err := os.ReadFile(document.Path)
	if err != nil {
		return err
	}
	var openAPI struct{ Definitions map[string]object }
	if err := json.Unmarshal(data, &openAPI); err != nil {
		return fmt.Errorf("%s: %w", document.Path, err)
	}
	files := map[string]object{definitionsFile: {"definitions": openAPI.Definitions}}
	for name, definition := range openAPI.Definitions {
		for _, kind := range kinds(definition) {
			files[kind.file()] = kind.pin(name)
		}
		tighten(definition)
	}
	if len(files) == 1 {
		return fmt.Errorf("%s: it defines no kind; is it an OpenAPI 2 document of Kubernetes?", document.Path)
	}
	maps.Copy(openAPI.Definitions, special())
	return writeAll(dir, files)
}

func writeAll(dir string, files map[string]object) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, err := json.Marshal(files[name])
		if err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// kind is a group, version and kind that a definition describes.
type kind struct{ group, version, kind string }

func kinds(definition object) (all []kind) {
	list, _ := definition["x-kubernetes-group-version-kind"].([]any)
	for _, entry := range list {
		e, _ := entry.(object)
		group, _ := e["group"].(string)
		version, _ := e["version"].(string)
		name, _ := e["kind"].(string)
		all = append(all, kind{group, version, name})
	}
	return all
}

// file is the name that kubeconform gives to the schema of a kind: of the group
// it takes the first part.
func (k kind) file() string {
	suffix := k.version
	if k.group != "" {
		suffix = strings.Split(k.group, ".")[0] + "-" + suffix
	}
	return strings.ToLower(k.kind + "-" + suffix + ".json")
}

// pin is the schema of a kind. Neither apiVersion nor kind nor a name may be missing.
func (k kind) pin(definition string) object {
	apiVersion := k.version
	if k.group != "" {
		apiVersion = k.group + "/" + k.version
	}
	return object{
		"$schema":  "http://json-schema.org/draft-07/schema#",
		"allOf":    []object{{"$ref": definitionsFile + "#/definitions/" + definition}},
		"required": []string{"apiVersion", "kind", "metadata"},
		"properties": object{
			"apiVersion": object{"const": apiVersion},
			"kind":       object{"const": k.kind},
		},
	}
}

// tighten forbids fields that are not known, in a schema and all below it.
func tighten(schema object) {
	properties, ok := schema["properties"].(object)
	if ok && schema["additionalProperties"] == nil && schema["x-kubernetes-preserve-unknown-fields"] == nil {
		schema["additionalProperties"] = false
	}
	for _, property := range properties {
		if s, ok := property.(object); ok {
			tighten(s)
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if s, ok := schema[key].(object); ok {
			tighten(s)
		}
	}
}

// special are the types that are written in more ways than the document says.
func special() map[string]object {
	return map[string]object{
		"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": []string{"integer", "string"}},
		"io.k8s.apimachinery.pkg.api.resource.Quantity": {"anyOf": []object{
			{"type": "number"},
			{"type": "string", "pattern": `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`},
		}},
	}
}
