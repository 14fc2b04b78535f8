package topology

import (
	"fmt"
	"maps"
	"time"
)

// Next returns the one step to do now and the reason for it. It is
// deterministic: the same arguments give the same step.
func Next(record Record, view View, policy Policy, now time.Time) (Step, string) {
	s := situation{r: record, v: view, p: policy, now: now, names: view.names()}
	d := s.decide()
	return d.step, d.reason
}

// situation is what the rules look at. They never change it.
type situation struct {
	r   Record
	v   View
	p   Policy
	now time.Time

	names []string // of the instances, in a fixed order
}

// decision is a step and its reason. A nil decision means that a rule has
// nothing to say and the next one is asked.
type decision struct {
	step   Step
	reason string
}

func (s situation) decide() *decision {
	if s.r.Epoch == 0 {
		return s.bootstrap()
	}
	if d := s.noteUnreplicated(); d != nil {
		return d
	}
	switch {
	case s.r.Main == "":
		return s.succession()
	case s.r.Gate != GateOpen:
		return s.interlude()
	default:
		return s.steady()
	}
}

// first asks the rules in order.
func first(rules ...func() *decision) *decision {
	for _, rule := range rules {
		if d := rule(); d != nil {
			return d
		}
	}
	return nil
}

func do(step Step, format string, args ...any) *decision {
	return &decision{step: step, reason: fmt.Sprintf(format, args...)}
}

func wait(format string, args ...any) *decision {
	return do(Step{Do: ActWait}, format, args...)
}

// save returns a changed copy of the record. The epoch grows when a gateway has
// to do something else than before.
func (s situation) save(change func(*Record), format string, args ...any) *decision {
	next := s.r
	next.Format = Format
	next.Members = maps.Clone(s.r.Members)
	if next.Members == nil {
		next.Members = map[string]Member{}
	}
	if next.Pause != nil && !s.paused() {
		next.Pause = nil
	}
	change(&next)
	if authority(next) != authority(s.r) {
		next.Epoch = s.r.Epoch + 1
		next.Since = s.now
	}
	next.Reason = fmt.Sprintf(format, args...)
	next.Written = s.now
	return &decision{step: Step{Do: ActSave, Record: next}, reason: next.Reason}
}

// authority is the part of a record whose change makes a new epoch.
func authority(r Record) [6]string {
	return [6]string{r.Main, r.Voter, r.Heir, r.From, string(r.Gate), string(r.Plan)}
}
