package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/docs/check"
)

func TestWordsThatMayStandWhereTheCursorIs(t *testing.T) {
	cases := map[string]struct {
		words []string
		want  []string
	}{
		"a command":              {[]string{"st"}, []string{"status"}},
		"several":                {[]string{"re"}, []string{"resume"}},
		"a command in a group":   {[]string{"local", "k"}, []string{"kill"}},
		"an argument":            {[]string{"drill", "kill-"}, []string{"kill-controller", "kill-main", "kill-voter"}},
		"one after a flag":       {[]string{"drill", "--timeout", "1m", "--yes", "sw"}, []string{"switchover"}},
		"no second one":          {[]string{"drill", "kill-main", "k"}, nil},
		"a flag":                 {[]string{"status", "--ku"}, []string{"--kubeconfig"}},
		"a negated flag":         {[]string{"switchover", "--no-"}, []string{"--no-wait"}},
		"the value of a flag":    {[]string{"status", "-o", ""}, []string{"json", "table", "yaml"}},
		"by its long name":       {[]string{"status", "--output", "j"}, []string{"json"}},
		"with an equals sign":    {[]string{"status", "--output=y"}, []string{"--output=yaml"}},
		"a value that is free":   {[]string{"status", "--namespace", "s"}, nil},
		"what is hidden is not":  {[]string{"compl"}, []string{"completion"}},
		"after what is unknown":  {[]string{"explode", "st"}, []string{"status"}},
		"a shell":                {[]string{"completion", "b"}, []string{"bash"}},
		"nothing that begins so": {[]string{"xyz"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := command(t, "", append([]string{"complete", "--"}, c.words...)...)
			require.Zero(t, got.code, got.err)
			var want strings.Builder
			for _, word := range c.want {
				want.WriteString(word + "\n")
			}
			require.Equal(t, want.String(), got.out)
		})
	}
}

// The script of each shell, run by that shell, with a program in the place of this
// one that gives two words, in the order of the alphabet, which fish makes itself, and tells
// what it was asked.
func TestShellsTakeTheirScripts(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "memgraph-controller")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\" >> "+dir+"/asked\nprintf 'start here\\nstatus\\n'\n"), 0o755))
	uses := map[string]string{
		"bash": `source ./script; COMP_WORDS=(memgraph-controller local st); COMP_CWORD=2; _memgraph_controller; printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh":  `compdef() { :; }; compadd() { print -l -- $candidates; }; source ./script; words=(memgraph-controller local st); CURRENT=3; _memgraph_controller`,
		"fish": `source ./script; complete -C 'memgraph-controller local st'`,
	}
	for shell, use := range uses {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("there is no " + shell + " here")
			}
			script := command(t, "", "completion", shell)
			require.Zero(t, script.code)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "script"), []byte(script.out), 0o600))
			_ = os.Remove(filepath.Join(dir, "asked"))
			run := exec.CommandContext(t.Context(), shell, "-c", use)
			run.Dir, run.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir)
			out, err := run.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Equal(t, "start here\nstatus\n", string(out))
			asked, err := os.ReadFile(filepath.Join(dir, "asked"))
			require.NoError(t, err)
			require.Equal(t, "complete -- local st\n", string(asked))
		})
	}
}

// Kubectl runs kubectl_complete-memgraph with the words after `kubectl memgraph`.
func TestKubectlCompletesThroughTheScriptOfTheReference(t *testing.T) {
	script := check.ScriptOf(t, "..")
	lines := script.Line("printf", nil) + "\n" + script.Line("chmod", nil)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kubectl-memgraph"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	run := exec.CommandContext(t.Context(), "bash", "-c", lines+"\nkubectl_complete-memgraph local st")
	run.Dir, run.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "complete -- local st\n", string(out))
}
