// Package remote lets the benchmarks tell other processes what to do: a command is a
// line of JSON on a process's standard input, its result a line on its standard
// output.
//
// The parties of a measurement are processes of their own because the processor time
// of a process is the one thing about it that a busy machine does not blur.
package remote

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// command and result are the two lines of a call.
type command struct {
	Do   string          `json:"do"`
	Args json.RawMessage `json:"args,omitempty"`
}

type result struct {
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Handler carries out one kind of command.
type Handler func(args json.RawMessage) (any, error)

// Func makes a Handler of a function.
func Func[A, R any](f func(A) (R, error)) Handler {
	return func(raw json.RawMessage) (any, error) {
		var args A
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, err
			}
		}
		return f(args)
	}
}

// Nothing stands for arguments or a result that there are none of.
type Nothing struct{}

// Serve carries out the commands of in, one after the other, until it ends.
func Serve(in io.Reader, out io.Writer, handlers map[string]Handler) error {
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return fmt.Errorf("command %q: %w", lines.Text(), err)
		}
		if err := answers.Encode(carryOut(c, handlers)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func carryOut(c command, handlers map[string]Handler) result {
	handler := handlers[c.Do]
	if handler == nil {
		return result{Error: fmt.Sprintf("no command %q is known", c.Do)}
	}
	value, err := handler(c.Args)
	if err != nil {
		return result{Error: err.Error()}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return result{Error: err.Error()}
	}
	return result{Result: raw}
}

// call writes a command and reads its result into value.
func call(to io.Writer, from *bufio.Scanner, do string, args, value any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(to).Encode(command{Do: do, Args: raw}); err != nil {
		return err
	}
	if !from.Scan() {
		return errors.Join(errors.New("the process has ended"), from.Err())
	}
	var r result
	if err := json.Unmarshal(from.Bytes(), &r); err != nil {
		return err
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return json.Unmarshal(r.Result, value)
}
