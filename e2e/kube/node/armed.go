package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
)

// Armed is a signal that is ready on the node and waits to be sent: a program is not
// started on the node for it any more, which takes a tenth of a second.
type Armed struct {
	process Process
	command *exec.Cmd
	trigger io.WriteCloser
}

// Arm makes a signal ready, by its name without SIG.
func (p Process) Arm(ctx context.Context, name string) (*Armed, error) {
	command := exec.CommandContext(ctx, "docker", "exec", "--interactive", "--privileged", p.Node.Name,
		"sh", "-c", `echo armed; read -r word && kill "-$1" "$2"`, "sh", name, strconv.Itoa(p.PID))
	trigger, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	a := &Armed{p, command, trigger}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("arm a signal on node %s: %w", p.Node.Name, err), a.Disarm())
	}
	return a, nil
}

// Fire sends the signal.
func (a *Armed) Fire() error {
	_, err := a.trigger.Write([]byte("go\n"))
	return errors.Join(err, a.trigger.Close(), a.command.Wait())
}

// Disarm lets the signal be. The end of its input ends the program.
func (a *Armed) Disarm() error {
	err := a.trigger.Close()
	_ = a.command.Wait() // it reads no word, which is its failure
	return err
}
