package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Way is how the commands of a block are executed.
type Way string

// The ways. Who executes them stands in Executors.
const (
	Make    Way = "make"    // make, without doing what the target does
	Go      Way = "go"      // programs and tests of this repository
	Git     Way = "git"     // an older state of this repository
	Local   Way = "local"   // the program, beside a cluster on this machine
	Cluster Way = "cluster" // kubectl and helm, on a kind cluster
	Dry     Way = "dry"     // the same, where the API server changes nothing
	Install Way = "install" // the same, in a namespace of its own, page by page
	Python  Way = "python"  // a Python client
	Listing Way = "no"      // no commands: what a command prints, or part of a program
)

// Executor is the test that executes the blocks of a way.
type Executor struct{ Package, Test string }

// Executors has one for each way that needs one.
var Executors = map[Way]Executor{
	Make:    {"docs/check", "TestTargetsAndVariablesOfMakeExist"},
	Go:      {"docs/check", "TestProgramsAndTestsOfTheRepositoryExist"},
	Git:     {"docs/check", "TestOlderStatesShowTheirBugs"},
	Local:   {"e2e/local", "TestCommandsOfThePages"},
	Cluster: {"e2e/kube", "TestCommandsOfThePages"},
	Dry:     {"e2e/kube", "TestCommandsOfThePages"},
	Install: {"e2e/kube", "TestInstallationOfThePage"},
	Python:  {"e2e/clients", "TestThePagesShowPythonThatRuns"},
}

// begin says by what a line of a block is known.
var begin = map[string]Way{
	"make": Make, "go": Go, "git": Git, "bin/memgraph-controller": Local, "kubectl": Cluster, "helm": Dry,
}

// shells are the languages of fenced blocks that are commands.
var shells = []string{"", "sh", "shell", "bash", "console"}

// Block is a block of a page that is indented or fenced.
type Block struct {
	Page string
	Line int
	Text string
	Way  Way
	// Commands are its lines, without comments and with those joined that go on.
	Commands []string
}

func (b Block) String() string { return fmt.Sprintf("%s:%d", b.Page, b.Line) }

// For picks the blocks of some ways out of the guides.
func For(pages []Page, ways ...Way) (blocks []Block, err error) {
	for _, p := range pages {
		if !p.Guide() {
			continue
		}
		all, err := p.Blocks()
		if err != nil {
			return nil, err
		}
		for _, b := range all {
			if slices.Contains(ways, b.Way) {
				blocks = append(blocks, b)
			}
		}
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("no page has a block that is run by %v", ways)
	}
	return blocks, nil
}

// Blocks lists the blocks of a page. One whose way is not known is an error.
func (p Page) Blocks() (blocks []Block, err error) {
	p.each(func(n ast.Node) {
		language := ""
		switch n := n.(type) {
		case *ast.FencedCodeBlock:
			language = string(n.Language(p.source))
		case *ast.CodeBlock:
		default:
			return
		}
		if n.Lines().Len() == 0 {
			return
		}
		b := Block{Page: p.Path, Line: p.line(n.Lines().At(0).Start), Text: string(n.Lines().Value(p.source))}
		b.Commands = commands(b.Text)
		b.Way = p.marked(n)
		switch {
		case b.Way != "":
		case language == "python":
			b.Way = Python
		case !slices.Contains(shells, language):
			return
		default:
			b.Way = way(b.Commands)
		}
		_, known := Executors[b.Way]
		if _, test := b.Way.Test(); !known && !test && b.Way != Listing {
			err = fmt.Errorf("%s: nothing executes this block; package docs/check says how to mark it:\n%s", b, b.Text)
		}
		blocks = append(blocks, b)
	})
	return blocks, err
}

// mark is the comment before a block.
var mark = regexp.MustCompile(`<!-- run: (\w+) -->\s*$`)

// Test is the test that executes the block by means of its own, if it is one.
func (w Way) Test() (name string, is bool) { return string(w), strings.HasPrefix(string(w), "Test") }

// marked is the way that the comment before a block names.
func (p Page) marked(n ast.Node) Way {
	before, ok := n.PreviousSibling().(*ast.HTMLBlock)
	if !ok {
		return ""
	}
	said := string(before.Lines().Value(p.source))
	if before.HasClosure() {
		said += string(before.ClosureLine.Value(p.source))
	}
	if found := mark.FindStringSubmatch(said); found != nil {
		return Way(found[1])
	}
	return ""
}

var (
	goesOn  = regexp.MustCompile(`\\\n\s*`)
	comment = regexp.MustCompile(`(^|\s+)#.*$`)
	setting = regexp.MustCompile(`^([A-Z_]+=\S* )+`)
)

// commands are the lines of a shell script.
func commands(script string) (lines []string) {
	for line := range strings.Lines(goesOn.ReplaceAllString(script, "")) {
		if line = strings.TrimSpace(comment.ReplaceAllString(strings.TrimSpace(line), "")); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// way is that of all lines, or none. What a variable of the environment is set for counts.
func way(lines []string) (common Way) {
	for n, line := range lines {
		word, _, _ := strings.Cut(setting.ReplaceAllString(line, ""), " ")
		switch w := begin[word]; {
		case n == 0:
			common = w
		case w != common:
			return ""
		}
	}
	return common
}

// placeholder is a word in a command that stands for a name of the reader's.
var placeholder = regexp.MustCompile(`(^|[\s/=])([A-Z][A-Z_]*)([\s,:-]|$)`)

// Fill puts names in the place of the placeholders of a command: N and R are namespace and
// release.
func Fill(command string, names map[string]string) (string, error) {
	var unknown []string
	filled := placeholder.ReplaceAllStringFunc(command, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		name, known := names[parts[2]]
		if !known {
			unknown = append(unknown, parts[2])
		}
		return parts[1] + name + parts[3]
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("%s: nobody knows what %v stands for", command, unknown)
	}
	return filled, nil
}

// Fenced are the fenced blocks of a language.
func (p Page) Fenced(language string) (blocks []string) {
	p.each(func(n ast.Node) {
		if block, fenced := n.(*ast.FencedCodeBlock); fenced && string(block.Language(p.source)) == language {
			blocks = append(blocks, string(block.Lines().Value(p.source)))
		}
	})
	return blocks
}

// fileName is the first line of a block that is a file.
var fileName = regexp.MustCompile(`^# ([a-z-]+\.yaml)\n`)

// Files are those that a page shows: YAML that begins with a comment of its name.
func (p Page) Files() map[string]string {
	files := map[string]string{}
	for _, text := range p.Fenced("yaml") {
		if name := fileName.FindStringSubmatch(text); name != nil {
			files[name[1]] = text
		}
	}
	return files
}
