package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// together is several faults at once.
type together struct {
	faults []Fault
}

// Together is several faults at once, injected one after the other in their order.
// It acts when each of them does.
func Together(faults ...Fault) Fault { return &together{faults} }

func (t *together) Name() string {
	var names []string
	for _, f := range t.faults {
		names = append(names, f.Name())
	}
	return strings.Join(names, " + ")
}

func (t *together) Prepare(ctx context.Context) error { return t.each(ctx, Fault.Prepare) }

func (t *together) Inject(ctx context.Context) error { return t.each(ctx, Fault.Inject) }

func (t *together) Injected(ctx context.Context) error { return t.each(ctx, Fault.Injected) }

// Heal heals all of them, whatever becomes of the others.
func (t *together) Heal(ctx context.Context) error {
	var errs []error
	for _, f := range t.faults {
		errs = append(errs, f.Heal(ctx))
	}
	return errors.Join(errs...)
}

func (t *together) Healed(ctx context.Context) error { return t.each(ctx, Fault.Healed) }

func (t *together) each(ctx context.Context, do func(Fault, context.Context) error) error {
	for _, f := range t.faults {
		if err := do(f, ctx); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return nil
}

// flap injects a fault and heals it, again and again.
type flap struct {
	Fault
	on, off time.Duration

	stop context.CancelFunc
	done sync.WaitGroup

	mu    sync.Mutex
	acted int
	err   error
}

// Flap injects a fault for a time and heals it for another, again and again until it
// is healed for good. It concerns whom it was prepared for, whatever roles they get
// meanwhile. It acts when the fault was seen to act twice.
func Flap(f Fault, on, off time.Duration) Fault { return &flap{Fault: f, on: on, off: off} }

func (f *flap) Name() string {
	return fmt.Sprintf("flap (%s on, %s off) %s", f.on, f.off, f.Fault.Name())
}

func (f *flap) Inject(ctx context.Context) error {
	f.acted, f.err = 0, nil
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	f.done.Go(func() {
		for ctx.Err() == nil {
			seen, err := f.once(ctx)
			if ctx.Err() != nil {
				return // an error may come of that; Heal does what is left
			}
			if f.note(seen, err); err != nil {
				return
			}
		}
	})
	return nil
}

// once is one turn. What is interrupted by the end of ctx is left to Heal.
func (f *flap) once(ctx context.Context) (seen bool, err error) {
	if err := f.Fault.Inject(ctx); err != nil {
		return false, err
	}
	wait(ctx, f.on)
	seen = f.Fault.Injected(ctx) == nil
	if err := f.Fault.Heal(ctx); err != nil {
		return seen, err
	}
	wait(ctx, f.off)
	return seen, nil
}

func (f *flap) note(seen bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seen {
		f.acted++
	}
	f.err = errors.Join(f.err, err)
}

func (f *flap) Injected(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil && f.acted < 2 {
		return fmt.Errorf("it was seen to act %d times", f.acted)
	}
	return f.err
}

func (f *flap) Heal(ctx context.Context) error {
	if f.stop != nil {
		f.stop()
		f.done.Wait()
	}
	return f.Fault.Heal(ctx)
}
