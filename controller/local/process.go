package local

import "syscall"

// command is what to start: a program, its arguments, and the file that gets
// what it prints.
type command struct {
	path   string
	args   []string
	output string
}

// process is a running program. Its methods may be called at any time, also when
// it has ended.
type process interface {
	pid() int
	// signal reaches the whole process group. Signalling the dead is no error.
	signal(s syscall.Signal)
	// ended is closed when the process and what was left of its group are gone.
	ended() <-chan struct{}
	// result says how it ended, such as "exit status 3" or "signal: killed".
	result() string
}

// launcher starts processes; launch is the real one.
type launcher func(command) (process, error)
