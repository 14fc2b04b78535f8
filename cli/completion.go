package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell needs. The shell asks the program itself for
// the words, so that what is completed is what this version knows. Kong has nothing of
// the kind, and the libraries that add it bring a framework for what is eighty lines.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Run prints the shell's script.
func (c *completionCommand) Run(terminal *Terminal) error {
	script := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	terminal.printf("%s", script)
	return nil
}

// The scripts ask for the words that may stand where the cursor is.
const (
	bashCompletion = `_memgraph_controller() {
	local IFS=$'\n'
	COMPREPLY=($("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	[[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default
}
complete -F _memgraph_controller memgraph-controller kubectl-memgraph
`
	zshCompletion = `#compdef memgraph-controller kubectl-memgraph
_memgraph_controller() {
	local -a candidates
	candidates=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "${candidates[*]}" ]]; then compadd -a candidates; else _files; fi
}
if [[ "${funcstack[1]}" == _memgraph_controller ]]; then
	_memgraph_controller "$@"
else
	compdef _memgraph_controller memgraph-controller kubectl-memgraph
fi
`
	fishCompletion = `function __memgraph_controller
	set -l words (commandline -opc)
	$words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null
end
complete -c memgraph-controller -a '(__memgraph_controller)'
complete -c kubectl-memgraph -a '(__memgraph_controller)'
`
)

// completeCommand is what the scripts call. Kubectl calls it too, by the name of
// kubectl_complete-memgraph, with the words as they are.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints the words that may stand in the place of the last one, each on a line.
func (c *completeCommand) Run(parsed *kong.Context, terminal *Terminal) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, word := range candidates(parsed.Model.Node, words) {
		terminal.printf("%s\n", word)
	}
	return nil
}

// candidates are the words that begin as the last one does and may stand in its
// place.
func candidates(node *kong.Node, words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	node, wants, positional := walk(node, words[:len(words)-1])
	var all []string
	switch name, _, assigned := strings.Cut(last, "="); {
	case wants != nil:
		all = values(wants.Value)
	case assigned:
		if flag := flagNamed(node, name); flag != nil {
			for _, v := range values(flag.Value) {
				all = append(all, name+"="+v)
			}
		}
	case strings.HasPrefix(last, "-"):
		all = flags(node)
	case positional < len(node.Positional):
		all = values(node.Positional[positional])
	default:
		all = commands(node)
	}
	all = slices.DeleteFunc(all, func(w string) bool { return !strings.HasPrefix(w, last) })
	slices.Sort(all)
	return slices.Compact(all)
}

// walk follows the words before the cursor: to a command, and past its flags and
// arguments. wants is a flag that the next word is the value of.
func walk(node *kong.Node, words []string) (at *kong.Node, wants *kong.Flag, positional int) {
	for _, word := range words {
		if wants != nil {
			wants = nil
			continue
		}
		if strings.HasPrefix(word, "-") {
			if flag := flagNamed(node, word); flag != nil && !flag.IsBool() && !strings.Contains(word, "=") {
				wants = flag
			}
			continue
		}
		i := slices.IndexFunc(node.Children, func(c *kong.Node) bool { return c.Name == word })
		if i < 0 {
			positional++
			continue
		}
		node, positional = node.Children[i], 0
	}
	return node, wants, positional
}

// flagNamed finds a flag of a command by --name or -n.
func flagNamed(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == fmt.Sprintf("-%c", f.Short) || f.Tag.Negatable != "" && name == "--no-"+f.Name {
				return f
			}
		}
	}
	return nil
}

func flags(node *kong.Node) (all []string) {
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			all = append(all, "--"+f.Name)
			if f.Tag.Negatable != "" {
				all = append(all, "--no-"+f.Name)
			}
		}
	}
	return all
}

// values are those that a flag or an argument may have, where there are few.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

func commands(node *kong.Node) (all []string) {
	for _, c := range node.Children {
		if !c.Hidden {
			all = append(all, c.Name)
		}
	}
	return all
}
