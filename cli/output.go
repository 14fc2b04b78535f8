package cli

import (
	"encoding/json"
	"io"

	"sigs.k8s.io/yaml"
)

// outputFlag is the form of what is shown.
type outputFlag struct {
	Output string `help:"Form of the output: ${enum}." short:"o" enum:"table,json,yaml" default:"table"`
}

// forMachines tells whether a program is to read the output.
func (f outputFlag) forMachines() bool { return f.Output != "table" }

// encode writes a value in the form that a program reads. One of many is one line of
// JSON, or one document of YAML.
func (f outputFlag) encode(out io.Writer, value any, many bool) error {
	if f.Output == "yaml" {
		text, err := yaml.Marshal(value) // by way of JSON: the names are the same
		if err != nil {
			return err
		}
		if many {
			text = append([]byte("---\n"), text...)
		}
		_, err = out.Write(text)
		return err
	}
	encoder := json.NewEncoder(out)
	if !many {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(value)
}
