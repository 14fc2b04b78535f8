package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
)

const (
	root    = "../.."
	overlay = root + "/out/replay/overlay.json" // see make sim
	// brokenVariable names the variant that a program is.
	brokenVariable = "SIM_BROKEN"
)

// Schedules that find nothing may be unable to: each variant of the product that is
// broken on purpose is found out within the number of schedules that it says.
func TestBrokenCoresAreCaught(t *testing.T) {
	if !sim.Exact {
		t.Skip("needs the overlay of chaos/sim/replay: make sim")
	}
	program := buildBroken(t)
	t.Run("the product itself is not broken", func(t *testing.T) {
		output, err := batch{1, 20}.by(t.Context(), program)
		require.NoError(t, err, output)
	})
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			output, err := v.found.by(t.Context(), program, brokenVariable+"="+v.name)
			failed := new(exec.ExitError)
			require.ErrorAs(t, err, &failed, "it was not found:\n%s", output)
			// A program that panics ends with 2, one that is killed with -1: neither found anything.
			require.Equal(t, 1, failed.ExitCode(), output)
			require.NotEmpty(t, reason(output), output)
			t.Log(reason(output))
		})
	}
}

// reason is where a run failed first and why, in one line.
func reason(output string) string {
	var words []string
	for _, pattern := range []string{`--- FAIL: (\S+/\S+)`, `Error: *\t(.*)`, `Messages: *\t(.*)`} {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(output); found != nil {
			words = append(words, found[1])
		}
	}
	return strings.Join(words, ": ")
}

// buildBroken builds this package's tests with all variants in one program, which is
// the variant that brokenVariable names: to build one takes as long as a hundred
// schedules.
func buildBroken(t *testing.T) (program string) {
	dir := t.TempDir()
	texts := map[string]string{} // by file
	for _, v := range variants {
		for _, e := range v.edits {
			text, ok := texts[e.file]
			if !ok {
				text = read(t, filepath.Join(root, e.file))
			}
			require.Equal(t, 1, strings.Count(text, e.from), "variant %q: how often %s holds\n%s", v.name, e.file, e.from)
			texts[e.file] = strings.Replace(text, e.from, strings.ReplaceAll(e.to, "BROKEN", fmt.Sprintf("broken(%q)", v.name)), 1)
		}
	}
	var both struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal([]byte(read(t, overlay)), &both))
	replace := func(file, text string) {
		original, err := filepath.Abs(filepath.Join(root, file))
		require.NoError(t, err)
		copied := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		require.NoError(t, os.WriteFile(copied, []byte(text), 0o600))
		both.Replace[original] = copied
	}
	for file, text := range texts {
		replace(file, text)
		folder := filepath.Dir(file)
		replace(filepath.Join(folder, "broken.go"), fmt.Sprintf(condition, filepath.Base(folder), brokenVariable))
	}
	data, err := json.Marshal(both)
	require.NoError(t, err)
	merged := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(merged, data, 0o600))

	program = filepath.Join(dir, "sim.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", merged, "-tags", "replay", "-c", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	return program
}

// condition is what a package needs besides to be one of the variants.
const condition = `package %s

import "os"

func broken(variant string) bool { return os.Getenv(%q) == variant }
`

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// by looks with a program for what is wrong with it.
func (f finding) by(ctx context.Context, program, environment string) (output string, err error) {
	if f.directed == "" {
		return batch{1, f.within}.by(ctx, program, environment)
	}
	command := exec.CommandContext(ctx, program, "-test.run=^"+f.directed+"$", "-test.failfast")
	command.Env = []string{"GOMAXPROCS=1", "GOGC=off", logVariable + "=" + os.Getenv(logVariable), environment}
	text, err := command.CombinedOutput()
	return string(text), err
}
