package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

const referencePage = "docs/reference.md"

// Between these marks the page is made from the command line's own model.
const (
	flagsBegin = "<!-- flags: begin -->\n"
	flagsEnd   = "<!-- flags: end -->"
)

// UPDATE=1 writes the page anew.
func TestReferenceListsEveryCommandAndFlag(t *testing.T) {
	page, err := os.ReadFile(referencePage)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(page), flagsBegin)
	require.True(t, ok, "the page has lost its mark %q", flagsBegin)
	_, tail, ok := strings.Cut(rest, flagsEnd)
	require.True(t, ok, "the page has lost its mark %q", flagsEnd)
	want := head + flagsBegin + commandTables(t) + flagsEnd + tail
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(referencePage, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "run `UPDATE=1 go test -run Reference .`")
}

// commandTables describes every command with its flags. Those that say which cluster
// is meant are the same for all that have them, and stand first.
func commandTables(t *testing.T) string {
	parser, err := kong.New(&commandLine{}, kong.Name("memgraph-controller"))
	require.NoError(t, err)
	var out, tables bytes.Buffer
	var shared []*kong.Flag
	for _, leaf := range parser.Model.Leaves(true) {
		fmt.Fprintf(&tables, "\n### %s\n\n%s\n", strings.TrimSpace(strings.TrimPrefix(leaf.Summary(), "memgraph-controller")), leaf.Help)
		var own, grouped []*kong.Flag
		for _, f := range leaf.Flags {
			if f.Group != nil {
				grouped = append(grouped, f)
			} else {
				own = append(own, f)
			}
		}
		writeFlags(&tables, own)
		if len(grouped) > 0 {
			fmt.Fprint(&tables, "\nAnd the flags that say [which cluster](#which-cluster).\n")
			if shared == nil {
				shared = grouped
			}
			require.Equal(t, flagNames(shared), flagNames(grouped), "of "+leaf.Name)
		}
	}
	fmt.Fprint(&out, "\n### which cluster\n\nFlags of every command that acts on a running cluster.\n")
	writeFlags(&out, shared)
	fmt.Fprintln(&tables)
	return out.String() + tables.String()
}

func writeFlags(out *bytes.Buffer, flags []*kong.Flag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprint(out, "\n| flag | default | what it does |\n|---|---|---|\n")
	for _, f := range flags {
		value := "-"
		if f.HasDefault && f.Default != "" {
			value = "`" + f.Default + "`"
		}
		help := f.Help
		if len(f.Envs) > 0 {
			help += " Environment: `" + strings.Join(f.Envs, "`, `") + "`."
		}
		fmt.Fprintf(out, "| `--%s` | %s | %s |\n", f.Name, value, help)
	}
}

func flagNames(flags []*kong.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, f.Name)
	}
	return names
}

// Whoever follows a runbook at night has no time for a flag that does not exist.
func TestCommandsInTheRunbooksAreCommands(t *testing.T) {
	page, err := os.ReadFile("docs/runbooks.md")
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)-- /memgraph-controller (.*)$`).FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, commands)
	for _, c := range commands {
		requireParses(t, &commandLine{}, c[1])
	}
	data, err := os.ReadFile("docs/data.md")
	require.NoError(t, err)
	inDatabases := regexp.MustCompile(`(?m)-- /opt/memgraph-controller/memgraph-controller ([^>\n]*)`).FindAllStringSubmatch(string(page)+string(data), -1)
	require.NotEmpty(t, inDatabases)
	for _, c := range inDatabases {
		requireParses(t, &commandLine{}, c[1])
	}
	commands = regexp.MustCompile(`(?m)^    kubectl memgraph (.*)$`).FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, commands)
	for _, c := range commands {
		requireParses(t, &pluginLine{}, c[1])
	}
}

func requireParses(t *testing.T, root any, line string) {
	t.Helper()
	parser, err := kong.New(root, kong.Name("memgraph-controller"))
	require.NoError(t, err)
	_, err = parser.Parse(strings.Fields(line))
	require.NoError(t, err, line)
}
