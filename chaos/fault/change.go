package fault

import "context"

// Change is a fault out of functions, for what is done in one place only: a
// scaling, an upgrade. Each but Do and Acts may be nil.
type Change struct {
	// Title is the Name.
	Title string
	// Find prepares, Do injects; Acts returns nil once it was seen to act.
	Find, Do, Acts func(context.Context) error
	// Undo takes it back; Undone returns nil once nothing is left of it.
	Undo, Undone func(context.Context) error
}

// Name is the title.
func (c Change) Name() string { return c.Title }

// Prepare calls Find.
func (c Change) Prepare(ctx context.Context) error { return call(ctx, c.Find) }

// Inject calls Do.
func (c Change) Inject(ctx context.Context) error { return call(ctx, c.Do) }

// Injected calls Acts.
func (c Change) Injected(ctx context.Context) error { return call(ctx, c.Acts) }

// Heal calls Undo.
func (c Change) Heal(ctx context.Context) error { return call(ctx, c.Undo) }

// Healed calls Undone.
func (c Change) Healed(ctx context.Context) error { return call(ctx, c.Undone) }

func call(ctx context.Context, do func(context.Context) error) error {
	if do == nil {
		return nil
	}
	return do(ctx)
}
