package release

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/clusters/command"
)

// Allowed are the licences, by their SPDX names, that what is compiled into the product
// may have, and why. One that is not here, or that nobody can tell, fails the check: add
// it with a reason, or do without the module.
func Allowed() map[string]string {
	return map[string]string{
		"Apache-2.0":   "the project's own",
		"MIT":          "asks for its text to be passed on, which LICENSES.txt does",
		"ISC":          "the same in other words",
		"BSD-2-Clause": "the same",
		"BSD-3-Clause": "the same, and to advertise with nobody's name",
	}
}

// Library is a part of a module with one licence. A module may consist of several.
type Library struct {
	// Path is the import path that its packages begin with.
	Path    string
	Licence string
	// Text is the whole licence.
	Text string
}

// Unit, record and group separator, which are in no licence.
const (
	libraryTemplate = "{{range .}}{{.Name}}\x1f{{.LicenseName}}\x1f{{.LicenseText}}\x1e{{end}}"
	fieldEnd        = "\x1f"
	libraryEnd      = "\x1e"
)

// Libraries tells the licences of what is compiled into the product for an architecture.
func (p Plan) Libraries(ctx context.Context, run runner, arch string) ([]Library, error) {
	dir, err := os.MkdirTemp("", "licences-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	template := filepath.Join(dir, "template")
	if err := os.WriteFile(template, []byte(libraryTemplate), 0o600); err != nil {
		return nil, err
	}
	root, err := run.Run(ctx, command.New("go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	tools, err := filepath.Abs(p.Tools) // it runs in another folder
	if err != nil {
		return nil, err
	}
	report := command.New(filepath.Join(tools, "go-licenses"), "report", "--template", template, ".")
	report.Dir = p.Module
	// Compiled with -trimpath it does not know where Go is. It then takes every package for
	// one of the standard library, and finds nothing to complain about.
	report.Env = []string{"GOROOT=" + strings.TrimSpace(root), "GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=0"}
	out, err := run.Run(ctx, report)
	if err != nil {
		return nil, err
	}
	return libraries(out)
}

func libraries(report string) (list []Library, err error) {
	for one := range strings.SplitSeq(strings.TrimSuffix(report, libraryEnd), libraryEnd) {
		fields := strings.Split(one, fieldEnd)
		if len(fields) != 3 {
			return nil, fmt.Errorf("the report of licences has a line of %d fields instead of 3: %.80q", len(fields), one)
		}
		list = append(list, Library{Path: fields[0], Licence: fields[1], Text: fields[2]})
	}
	return list, nil
}

// Disallowed are those whose licence is not allowed, or not known, with what is wrong.
func Disallowed(list []Library) (problems []string) {
	for _, l := range list {
		_, ok := Allowed()[l.Licence]
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("%s has the licence %q, which is not among those of Allowed", l.Path, l.Licence))
		case strings.TrimSpace(l.Text) == "":
			problems = append(problems, fmt.Sprintf("the text of the licence of %s is not found", l.Path))
		}
	}
	return problems
}

// licences writes the texts of all licences: most of them ask for that.
func (p Plan) licences(ctx context.Context, run runner) error {
	var all []Library
	for _, arch := range architectures() {
		list, err := p.Libraries(ctx, run, arch)
		if err != nil {
			return err
		}
		if problems := Disallowed(list); len(problems) > 0 {
			return fmt.Errorf("licences: %s", strings.Join(problems, "; "))
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b Library) int { return strings.Compare(a.Path+a.Licence, b.Path+b.Licence) })
	var out bytes.Buffer
	for _, l := range slices.Compact(all) {
		fmt.Fprintf(&out, "%s (%s)\n\n%s\n\n%s\n", l.Path, l.Licence, strings.TrimSpace(l.Text), strings.Repeat("-", 80))
	}
	return os.WriteFile(filepath.Join(p.Out, "LICENSES.txt"), out.Bytes(), 0o644)
}
