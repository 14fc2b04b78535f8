package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const withheld = "CAP_SYS_RESOURCE"

// specification returns the file in which these arguments of runc name
// capabilities: config.json of a container's bundle, or the process that exec
// adds to one. Empty: neither.
func specification(args []string) string {
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch flag {
		case "--bundle", "-b":
			return filepath.Join(value, "config.json")
		case "--process", "-p":
			return value
		}
	}
	return ""
}

// withhold takes the capability out of the specification at path. A file that is
// not there is left to runc to complain about.
func withhold(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	changed, err := without(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, changed, 0o644)
}

// without returns the specification without the capability. Whatever else it
// holds stays: numbers are not read as floats, which would round large ones.
func without(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var specification map[string]any
	if err := decoder.Decode(&specification); err != nil {
		return nil, err
	}
	process := specification
	if inner, ok := specification["process"].(map[string]any); ok {
		process = inner
	}
	if sets, ok := process["capabilities"].(map[string]any); ok {
		for name, set := range sets {
			if list, ok := set.([]any); ok {
				sets[name] = slices.DeleteFunc(list, func(c any) bool { return c == withheld })
			}
		}
	}
	return json.Marshal(specification)
}
