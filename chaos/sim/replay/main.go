// Replay writes an overlay of Go's runtime and context packages for `go test -overlay`, under which a
// program on one processor does the same each time: goroutines that are ready at
// the same instant run in an order that comes from a seed, and so do the choice of
// select and the order of maps. A failing schedule of the simulation is replayed
// exactly with it.
//
//	go run ./chaos/sim/replay -o out/replay
//	go test -overlay out/replay/overlay.json -tags replay ./chaos/sim
//
// What remains to its user: GOMAXPROCS=1; no collection of garbage but by
// runtime.GC between two schedules; and nothing that comes of the iteration over a
// map with pointers as keys and more than eight of them, whose order depends on
// addresses.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	out := flag.String("o", "", "the directory to write to")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	if out == "" {
		return errors.New("say with -o where to write the overlay")
	}
	library, err := standardLibrary()
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	replaced := map[string]string{}
	for _, f := range files {
		original := filepath.Join(library, f.name)
		text, err := os.ReadFile(original)
		if err != nil {
			return err
		}
		patched, err := f.patch(string(text))
		if err != nil {
			return err
		}
		// Without this ending, the directory would be a package of Go.
		replaced[original] = filepath.Join(out, filepath.Base(f.name)+".txt")
		if err := keep(replaced[original], patched); err != nil {
			return err
		}
	}
	overlay, err := json.MarshalIndent(map[string]any{"Replace": replaced}, "", "  ")
	if err != nil {
		return err
	}
	return keep(filepath.Join(out, "overlay.json"), string(overlay))
}

func standardLibrary() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src"), nil
}

// keep writes a file unless it is like that already.
func keep(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
