package fault

import (
	"context"
	"errors"
	"fmt"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// kill ends a process at once.
type kill struct {
	target  Target
	victim  Victim
	process node.Process
	old     fleet.Identity
	pod     string
	what    string // the container
}

// Kill ends the process of a victim with SIGKILL on its node: nobody is told, and
// the kubelet starts the container again in the same pod, at once the first time
// and with a growing pause after that.
func Kill(t Target, v Victim) Fault { return &kill{target: t, victim: v} }

func (k *kill) Name() string { return "kill " + string(k.victim) }

func (k *kill) Prepare(ctx context.Context) error {
	pod, container, process, err := k.target.process(ctx, k.victim)
	if err != nil {
		return err
	}
	k.process, k.pod, k.what, k.old = process, pod.Name, container, fleet.Identify(pod, container)
	return nil
}

func (k *kill) Inject(ctx context.Context) error { return k.process.Signal(ctx, "KILL") }

func (k *kill) Injected(ctx context.Context) error {
	there, err := k.process.Alive(ctx)
	if err == nil && there {
		err = fmt.Errorf("process %d of %s is there", k.process.PID, k.pod)
	}
	return err
}

func (k *kill) Heal(context.Context) error { return nil }

// Healed waits for the same pod with another container.
func (k *kill) Healed(ctx context.Context) error {
	pod, err := k.target.Pod(ctx, k.pod)
	if err != nil {
		return err
	}
	switch now := fleet.Identify(pod, k.what); {
	case now.Pod != k.old.Pod:
		return nil // somebody else replaced the pod meanwhile
	case now.Container == k.old.Container:
		return fmt.Errorf("the container of %s was not started again", k.pod)
	}
	status, err := fleet.ContainerStatus(pod, k.what)
	if err == nil && status.State.Running == nil {
		err = fmt.Errorf("the new container of %s does not run", k.pod)
	}
	return err
}

// stop freezes a process.
type stop struct {
	target  Target
	victim  Victim
	process node.Process
}

// Stop freezes the process of a victim with SIGSTOP until it is healed by SIGCONT:
// its kernel goes on taking connections and acknowledging packets, and nothing is
// answered. A process that ends meanwhile takes its fault with it.
func Stop(t Target, v Victim) Fault { return &stop{target: t, victim: v} }

func (s *stop) Name() string { return "stop " + string(s.victim) }

func (s *stop) Prepare(ctx context.Context) (err error) {
	_, _, s.process, err = s.target.process(ctx, s.victim)
	return err
}

func (s *stop) Inject(ctx context.Context) error { return s.process.Signal(ctx, "STOP") }

func (s *stop) Injected(ctx context.Context) error { return s.stopped(ctx, true) }

func (s *stop) Heal(ctx context.Context) error {
	if s.process.PID == 0 {
		return nil // never prepared
	}
	there, err := s.process.Alive(ctx)
	if err != nil || !there {
		return err
	}
	return s.process.Signal(ctx, "CONT")
}

func (s *stop) Healed(ctx context.Context) error { return s.stopped(ctx, false) }

func (s *stop) stopped(ctx context.Context, wanted bool) error {
	const stopped = "T"
	state, err := s.process.State(ctx)
	if err != nil {
		return err
	}
	if (state == stopped) != wanted {
		return errors.New("the state of the process is " + state)
	}
	return nil
}
