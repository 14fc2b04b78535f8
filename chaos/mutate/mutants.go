package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mutant is one small change of one file.
type mutant struct {
	source        *source
	line          int
	operator      string
	before, after string        // what a person is shown of the change
	from, end     int           // the part of the file that is replaced
	with          string        // by this
	function      *ast.FuncDecl // in which it is; nil outside of functions
}

// source is a file that is mutated.
type source struct {
	path, text string
	tree       *ast.File
}

func (m mutant) place() string { return fmt.Sprintf("%s:%d", filepath.Base(m.source.path), m.line) }

func (m mutant) String() string {
	return fmt.Sprintf("%s: %s: %s  =>  %s", m.place(), m.operator, m.before, m.after)
}

// code is the line that the change begins in.
func (m mutant) code() string {
	begin := strings.LastIndex(m.source.text[:m.from], "\n") + 1
	line, _, _ := strings.Cut(m.source.text[begin:], "\n")
	return strings.TrimSpace(line)
}

// text is the whole file with the change.
func (m mutant) text() string { return m.source.text[:m.from] + m.with + m.source.text[m.end:] }

// brief puts code on one line of bearable length.
func brief(code string) string {
	const most = 120
	code = strings.Join(strings.Fields(code), " ")
	switch {
	case code == "":
		return "nothing"
	case len(code) > most:
		return code[:most] + "..."
	}
	return code
}

// read parses the files of a package that are not tests.
func read(set *token.FileSet, dir string) ([]*source, error) {
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		return nil, err
	}
	var files []*source
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		tree, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, &source{path, string(text), tree})
	}
	return files, nil
}

// mutantsOf lists the mutants of a package, in the order of its files.
func mutantsOf(set *token.FileSet, files []*source) []mutant {
	next := neighbours{}
	for _, file := range files {
		next.learn(file.tree)
	}
	var list []mutant
	for _, file := range files {
		f := finder{
			set: set, source: file, next: next,
			rules: map[*ast.ReturnStmt]bool{}, coarse: map[ast.Expr]bool{}, found: map[string]bool{},
		}
		list = append(list, f.find()...)
	}
	return list
}

// neighbours leads from each constant of a type to the next one of that type,
// and from the last to the first.
type neighbours map[string]string

func (n neighbours) learn(tree *ast.File) {
	byType := map[string][]string{}
	for _, decl := range tree.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			if value := spec.(*ast.ValueSpec); value.Type != nil {
				kind := value.Type.(*ast.Ident).Name
				byType[kind] = append(byType[kind], value.Names[0].Name)
			}
		}
	}
	for _, names := range byType {
		for i, name := range names {
			n[name] = names[(i+1)%len(names)]
		}
	}
}
