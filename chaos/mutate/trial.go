package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// verdict is what became of a mutant.
type verdict int

const (
	killed   verdict = iota // a test failed
	timedOut                // the tests did not come to an end, which would be noticed too
	survived
	invalid // it does not compile
)

// patience is how many times longer than without a change the tests may take
// before a mutant counts as caught in a loop.
const patience = 10

// bench compiles and runs mutants in a folder of its own.
type bench struct {
	dir   string
	list  []mutant
	valid map[int]bool  // those in the program that many share, by their number
	tests [2]string     // patterns of the quick ones and of the others, which are run if no quick one fails
	limit time.Duration // for one run of either
}

// setUp compiles what the mutants share, and runs the tests without a change:
// they have to pass, and the time they take is the measure for the mutants.
func setUp(ctx context.Context, dir string, set *token.FileSet, files []*source, list []mutant) (*bench, error) {
	b := &bench{dir: dir, list: list, valid: map[int]bool{}}
	var numbers []int
	for i, m := range list {
		if m.copyable() {
			numbers = append(numbers, i+1)
		}
	}
	bad, err := faulty(withChooser(weave(set, files, list, numbers)))
	if err != nil {
		return nil, err
	}
	numbers = slices.DeleteFunc(numbers, func(n int) bool { return bad[n] })
	for _, n := range numbers {
		b.valid[n] = true
	}
	if err := compile(ctx, b.path("shared"), withChooser(weave(set, files, list, numbers))); err != nil {
		return nil, err
	}
	began := time.Now()
	said, err := b.command(ctx, b.path("shared"), 0, "-test.v").Output()
	if err != nil {
		return nil, fmt.Errorf("the tests of %s fail without any change: %w", subject, err)
	}
	b.limit = patience * time.Since(began)
	b.tests = byDuration(string(said))
	return b, nil
}

// quick tests are a hundred, and two or three of the others take most of the time.
const quick = 50 * time.Millisecond

// byDuration makes two patterns of the tests that passed.
func byDuration(said string) [2]string {
	var names [2][]string
	for _, m := range regexp.MustCompile(`(?m)^--- PASS: (\w+) \((.+)\)$`).FindAllStringSubmatch(said, -1) {
		slow := 0
		if took, err := time.ParseDuration(m[2]); err != nil || took > quick {
			slow = 1
		}
		names[slow] = append(names[slow], m[1])
	}
	pattern := func(names []string) string { return "^(" + strings.Join(names, "|") + ")$" }
	return [2]string{pattern(names[0]), pattern(names[1])}
}

func withChooser(texts map[string]string) map[string]string {
	texts[filepath.Join(subject, "mutant.go")] = chooser
	return texts
}

// tryAll gives each mutant its verdict, on all the processors there are.
func (b *bench) tryAll(ctx context.Context, notes *notes) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				v, err := b.try(ctx, i+1)
				if err != nil {
					cancel(fmt.Errorf("%s: %w", b.list[i], err))
				}
				notes.take(i, v)
			}
		})
	}
	for i := range b.list {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// try gives one mutant its verdict. One that can be no copy of a function is
// compiled by itself.
func (b *bench) try(ctx context.Context, n int) (verdict, error) {
	m := b.list[n-1]
	switch {
	case b.valid[n]:
		return b.run(ctx, b.path("shared"), n)
	case m.copyable():
		return invalid, nil
	}
	own := b.path(fmt.Sprintf("mutant-%d", n))
	switch err := compile(ctx, own, map[string]string{m.source.path: m.text()}); {
	case errors.Is(err, errCompile):
		return invalid, nil
	case err != nil:
		return 0, err
	}
	return b.run(ctx, own, n)
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

var errCompile = errors.New("it does not compile")

// compile builds the tests, as a program in dir, with some files replaced.
// Neither vet nor debug information is of use to a mutant, and both take time.
func compile(ctx context.Context, dir string, texts map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	overlay := map[string]string{}
	for path, text := range texts {
		path, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		overlay[path] = filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(overlay[path], []byte(text), 0o644); err != nil {
			return err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o644); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", list, "-o", filepath.Join(dir, "tests"),
		"-gcflags=-dwarf=false", "-ldflags=-s -w", "./"+subject)
	said, err := build.CombinedOutput()
	switch {
	case err != nil && strings.Contains(string(said), "# "): // the heading above what a compiler complains of
		return fmt.Errorf("%w: %s", errCompile, said)
	case err != nil:
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// run runs compiled tests until one fails.
func (b *bench) run(ctx context.Context, dir string, n int) (verdict, error) {
	for _, pattern := range b.tests {
		if v, err := b.runSome(ctx, dir, n, pattern); err != nil || v != survived {
			return v, err
		}
	}
	return survived, nil
}

func (b *bench) runSome(ctx context.Context, dir string, n int, pattern string) (verdict, error) {
	limited, stop := context.WithTimeout(ctx, b.limit)
	defer stop()
	err := b.command(limited, dir, n, "-test.failfast", "-test.run="+pattern).Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case limited.Err() != nil:
		return timedOut, nil
	case errors.As(err, &exit):
		return killed, nil
	case err != nil:
		return 0, err
	}
	return survived, nil
}

// command runs tests. Those that try random events try the same ones for every
// mutant, and do not look for the simplest that fails.
func (b *bench) command(ctx context.Context, dir string, n int, args ...string) *exec.Cmd {
	args = append(args, "-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=0s")
	tests := exec.CommandContext(ctx, filepath.Join(dir, "tests"), args...)
	tests.Dir = subject
	tests.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, n))
	return tests
}
