package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/kube/node"
)

// Phases are those of a failover in which the leader can be killed, in their order.
func Phases() []api.PhaseName {
	return []api.PhaseName{api.PhaseFence, api.PhaseDemote, api.PhasePromote, api.PhaseRegister, api.PhaseVoter, api.PhaseRoute}
}

const (
	// phaseWithin is how long the failover may take to come to the phase.
	phaseWithin = 10 * time.Second
	// peepEvery is the time between two looks at the leader: phases take a few
	// milliseconds and more.
	peepEvery = time.Millisecond
)

// ErrMissed tells that a failover was over before its phase was seen, which happens to
// phases of a few milliseconds on a busy machine. The leader lives; to try again is all
// that can be done.
var ErrMissed = errors.New("the phase was missed")

// midway kills the leader in the middle of a failover.
type midway struct {
	target Target
	phase  api.PhaseName
	ask    Ask

	main, leader *kill
	signal       *node.Armed
	seen         string // the timeline of the failover at the last look before the kill
	hit          error
}

// Ask calls the controller of one pod.
type Ask func(ctx context.Context, pod string, use func(api.Client) error) error

// KillLeaderIn kills the main, and the leader as soon as the failover that it leads
// has come to a phase, as its own timeline says. Some phases take so few
// milliseconds that the kill falls into the next one; it is a hit while the failover
// was seen to go on.
func KillLeaderIn(t Target, phase api.PhaseName, ask Ask) Fault {
	return &midway{target: t, phase: phase, ask: ask, main: &kill{target: t, victim: Main}, leader: &kill{target: t, victim: Leader}}
}

func (m *midway) Name() string { return fmt.Sprintf("kill main, and leader in phase %s", m.phase) }

func (m *midway) Prepare(ctx context.Context) (err error) {
	m.seen, m.hit = "", errors.New("not injected yet")
	if err := errors.Join(m.main.Prepare(ctx), m.leader.Prepare(ctx)); err != nil {
		return err
	}
	m.signal, err = m.leader.process.Arm(context.WithoutCancel(ctx), "KILL")
	return err
}

func (m *midway) Inject(ctx context.Context) error {
	return m.ask(ctx, m.leader.pod, func(leader api.Client) error {
		before, err := leader.Failovers(ctx)
		if err != nil {
			return err
		}
		if err := m.main.Inject(ctx); err != nil {
			return err
		}
		m.hit = m.lurk(ctx, leader, before)
		if errors.Is(m.hit, ErrMissed) {
			return m.hit
		}
		signal := m.signal
		m.signal = nil
		return signal.Fire()
	})
}

// lurk watches the failover that is not among those before, until it has come to the
// phase.
func (m *midway) lurk(ctx context.Context, leader api.Client, before []api.Failover) error {
	ctx, cancel := context.WithTimeout(ctx, phaseWithin)
	defer cancel()
	for ctx.Err() == nil {
		failovers, err := leader.Failovers(ctx)
		if err != nil {
			return err
		}
		for _, f := range failovers {
			if slices.ContainsFunc(before, func(old api.Failover) bool { return old.ID == f.ID }) || f.From == f.To {
				continue
			}
			m.seen = timeline(f)
			if !f.Running() {
				return fmt.Errorf("%w: it was over before phase %s was seen: %s", ErrMissed, m.phase, m.seen)
			}
			if reached(f, m.phase) {
				return nil
			}
		}
		wait(ctx, peepEvery)
	}
	return fmt.Errorf("phase %s was not reached within %s: %s", m.phase, phaseWithin, m.seen)
}

// reached tells that a failover is in a phase or beyond it: everything before has
// ended. Not every failover has every phase.
func reached(f api.Failover, phase api.PhaseName) bool {
	order := Phases()
	wanted := slices.Index(order, phase)
	if wanted == 0 {
		return true // it has begun
	}
	for _, p := range f.Phases {
		if slices.Index(order, p.Name) >= wanted-1 {
			return true
		}
	}
	return false
}

func timeline(f api.Failover) string {
	text := string(f.Kind)
	for _, p := range f.Phases {
		text += fmt.Sprintf(" %s %s", p.Name, time.Duration(p.Duration).Round(time.Millisecond))
	}
	return text
}

func (m *midway) Injected(ctx context.Context) error {
	if m.hit != nil {
		return m.hit
	}
	return errors.Join(m.main.Injected(ctx), m.leader.Injected(ctx))
}

func (m *midway) Heal(context.Context) error {
	if m.signal == nil {
		return nil
	}
	signal := m.signal
	m.signal = nil
	return signal.Disarm()
}

func (m *midway) Healed(ctx context.Context) error {
	if errors.Is(m.hit, ErrMissed) {
		return m.main.Healed(ctx)
	}
	return errors.Join(m.main.Healed(ctx), m.leader.Healed(ctx))
}
