package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// To compile 2,000 mutants one by one takes most of an hour, so they share one
// program. Each is a copy of its function, and the function itself asks which one
// is meant:
//
//	func (s situation) fit(i Instance) bool {
//		switch mutant {
//		case 17:
//			return s.fit_17(i)
//		}
//		... // as it is
//	}

// chooser says which mutant a process is; 0 is none.
const chooser = `package topology

import (
	"os"
	"strconv"
)

var mutant, _ = strconv.Atoi(os.Getenv("` + variable + `"))
`

const variable = "MUTANT"

// copyable: the mutant can be a copy of its function.
func (m mutant) copyable() bool { return m.function != nil && m.function.Type.TypeParams == nil }

// weave returns the files with the mutants of the given numbers in them.
func weave(set *token.FileSet, files []*source, list []mutant, numbers []int) map[string]string {
	texts := map[string]string{}
	for _, file := range files {
		var text, copies strings.Builder
		done := 0
		for _, decl := range file.tree.Decls {
			function, ok := decl.(*ast.FuncDecl)
			mine := slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return list[n-1].function != function })
			if !ok || len(mine) == 0 {
				continue
			}
			begin := set.Position(function.Body.Lbrace).Offset + 1
			text.WriteString(file.text[done:begin] + " switch mutant {")
			done = begin
			for _, n := range mine {
				fmt.Fprintf(&text, "\ncase %d: %s", n, forward(function, n))
				copies.WriteString(copyOf(set, list[n-1], n))
			}
			text.WriteString("\n}\n")
		}
		text.WriteString(file.text[done:] + copies.String())
		texts[file.path] = text.String()
	}
	return texts
}

// copyOf is the function of a mutant with the change, under a name and with a
// place of its own.
func copyOf(set *token.FileSet, m mutant, n int) string {
	offset := func(p token.Pos) int { return set.Position(p).Offset }
	name, body := m.function.Name, m.source.text
	return fmt.Sprintf("\n//line mutant-%d:1\n%s_%d%s%s%s\n", n,
		body[offset(m.function.Type.Pos()):offset(name.End())], n,
		body[offset(name.End()):m.from], m.with, body[m.end:offset(m.function.End())])
}

// forward calls the copy with the function's own arguments.
func forward(function *ast.FuncDecl, n int) string {
	callee := function.Name.Name + "_" + strconv.Itoa(n)
	if function.Recv != nil {
		callee = function.Recv.List[0].Names[0].Name + "." + callee
	}
	var args []string
	for _, field := range function.Type.Params.List {
		for _, name := range field.Names {
			arg := name.Name
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	call := callee + "(" + strings.Join(args, ", ") + ")"
	if function.Type.Results == nil {
		return call + "; return"
	}
	return "return " + call
}

// faulty names the mutants that do not compile.
func faulty(texts map[string]string) (map[int]bool, error) {
	set := token.NewFileSet()
	var trees []*ast.File
	for path, text := range texts {
		tree, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
	}
	bad := map[int]bool{}
	var own error // of what is not a mutant
	config := types.Config{Importer: importer.Default(), Error: func(err error) {
		fault, _ := err.(types.Error) //nolint:errorlint // documented to be one
		number, found := strings.CutPrefix(filepath.Base(set.Position(fault.Pos).Filename), "mutant-")
		if n, err := strconv.Atoi(number); found && err == nil {
			bad[n] = true
		} else {
			own = fault
		}
	}}
	_, _ = config.Check(subject, set, trees, nil) // it told every error
	return bad, own
}
