package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Terminal is where a command reads and writes.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	// Interactive: a person sits at In and Out, and may be asked.
	Interactive bool
	// Live: Out is a terminal, which can be drawn again in place.
	Live bool
	// Colour: escape codes for colour may be written to Out.
	Colour bool
	// Width returns the columns of Out now; 0: lines may have any length. nil: 0.
	Width func() int
	// Height returns the lines of Out now; 0: any number. nil: 0.
	Height func() int
	// User is who is at it, for the record.
	User string
	// Name is what the program is called by; empty: memgraph-controller.
	Name string

	talking sync.Mutex // of those that mention at Err what goes on
}

// The names of the program.
const (
	programName = "memgraph-controller"
	// pluginFile is the file by which kubectl finds it as its plugin, pluginName what
	// a person types then.
	pluginFile = "kubectl-memgraph"
	pluginName = "kubectl memgraph"
)

// Open describes the process's own streams. Colour is off where NO_COLOR is set
// or the terminal is dumb.
func Open(in, out, err *os.File) *Terminal {
	live := isTerminal(out)
	return &Terminal{
		In: in, Out: out, Err: err,
		Interactive: live && isTerminal(in),
		Live:        live,
		Colour:      live && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		Width:       func() int { columns, _ := windowSize(out); return columns },
		Height:      func() int { _, lines := windowSize(out); return lines },
		User:        userAtHost(),
		Name:        called(os.Args[0]),
	}
}

// called is what a person types to call the program of this path.
func called(path string) string {
	if strings.TrimSuffix(filepath.Base(path), ".exe") == pluginFile {
		return pluginName
	}
	return programName
}

// Plugin tells whether kubectl called the program: then it is about clusters in
// Kubernetes and nothing else.
func (t *Terminal) Plugin() bool { return t.Name == pluginName }

// name is what the program is called by.
func (t *Terminal) name() string { return cmp.Or(t.Name, programName) }

// call is a command in quotes, as a person would type it.
func (t *Terminal) call(command string) string { return "'" + t.name() + " " + command + "'" }

func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

func windowSize(file *os.File) (columns, lines int) {
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(size.Col), int(size.Row)
}

func userAtHost() string {
	host, err := os.Hostname()
	if err != nil {
		return os.Getenv("USER")
	}
	return strings.TrimPrefix(os.Getenv("USER")+"@"+host, "@")
}

func (t *Terminal) width() int {
	if t.Width == nil {
		return 0
	}
	return t.Width()
}

func (t *Terminal) height() int {
	if t.Height == nil {
		return 0
	}
	return t.Height()
}

// printf writes to Out. A reader that went away (a closed pipe) ends the process
// by its signal, so there is no error to handle.
func (t *Terminal) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(t.Out, format, args...)
}

// confirm asks a yes-or-no question; anything but y or yes is a no. Where nobody
// can be asked it is a mistake in how the command was called.
func (t *Terminal) confirm(question string) error {
	if !t.Interactive {
		return usageError{fmt.Errorf("there is no terminal to ask %q on; confirm with --yes", question)}
	}
	t.printf("%s [y/N] ", question)
	line, _ := bufio.NewReader(io.LimitReader(t.In, 100)).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	default:
		return refusal{"nothing was done"}
	}
}
