package prestart

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"memgraph-controller/controller/topology"
)

// Source is where orders come from.
type Source interface {
	// Pending returns the last order to an instance, nil when there was none, and
	// the topology record (its zero value when there is none) as it was after the
	// order was read.
	Pending(ctx context.Context, instance string) (*Order, topology.Record, error)
	// Founded tells whether the cluster has a topology record: it had a main once.
	Founded(ctx context.Context) (bool, error)
}

// Config says whose data are meant. All fields are needed.
type Config struct {
	// Instance is the name of the pod, Pod its UID.
	Instance, Pod string
	// Data is the data directory of the database.
	Data   string
	Source Source
	// Restore makes the data directory out of a backup, or leaves none when its context ends;
	// nil: there is nothing to restore. It may wait for the backup. It is called only on a
	// volume that nobody ever used, of a cluster that never had a main: a lost volume of any
	// other is filled by replication, with newer data.
	Restore func(ctx context.Context) error
	Log     *slog.Logger
}

const (
	// patience is how long orders are asked for, askTimeout how long one question
	// may take and askAgain the pause between two.
	patience   = 10 * time.Second
	askTimeout = 2 * time.Second
	askAgain   = 500 * time.Millisecond
	// lookAgain is how often it is asked whether a backup is still to be waited for.
	lookAgain = 5 * time.Second
)

// Run carries out the pending order, if there is one and it may be. nil means
// that the database may start.
func Run(ctx context.Context, config Config) error {
	if config.Instance == "" || config.Pod == "" || !filepath.IsAbs(config.Data) {
		return fmt.Errorf("instance %q, pod UID %q and data directory %q are needed, the last as an absolute path", config.Instance, config.Pod, config.Data)
	}
	log := config.Log.With("instance", config.Instance, "pod", config.Pod)
	v := volume{data: filepath.Clean(config.Data)}
	if err := v.check(); err != nil {
		return err
	}
	release, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := config.obey(ctx, v, log); err != nil {
		return err
	}
	if err := config.restore(ctx, v, log); err != nil {
		return err
	}
	return v.setOwner(config.Pod)
}

// restore restores a backup where it may. Whatever keeps it from knowing that ends with an
// error: a database that starts empty instead would found the cluster without the data.
func (c Config) restore(ctx context.Context, v volume, log *slog.Logger) error {
	if c.Restore == nil {
		return nil
	}
	used, err := v.used()
	if err != nil || used {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	founded, err := c.Source.Founded(limited)
	switch {
	case err != nil:
		return fmt.Errorf("restore %s: is there a topology record? %w", c.Instance, err)
	case founded:
		log.Warn("nothing is restored: the cluster has a topology record, so its other instances fill this volume")
		return nil
	}
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(c.awaitFounded(waiting)) }()
	err = c.Restore(waiting)
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(waiting), errFounded):
		log.Warn("nothing is restored: the cluster was founded meanwhile, so its other instances fill this volume", "error", err)
		return nil
	}
	return fmt.Errorf("restore %s: %w", c.Instance, err)
}

// errFounded ends the wait for a backup that will not be brought any more.
var errFounded = errors.New("the cluster has a topology record by now")

// awaitFounded looks whether a person chose another instance, because no backup came: this
// one would wait for ever, and never be a replica.
func (c Config) awaitFounded(ctx context.Context) error {
	for {
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
		once, done := context.WithTimeout(ctx, askTimeout)
		founded, err := c.Source.Founded(once)
		done()
		if err == nil && founded {
			return errFounded
		}
	}
}

// obey carries out the order, if there is one that may be.
func (c Config) obey(ctx context.Context, v volume, log *slog.Logger) error {
	order, record, err := c.ask(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		log.Warn("orders cannot be read; the data are left as they are", "error", err)
		return nil
	}
	if order == nil {
		return nil
	}
	owner, err := v.owner()
	if err != nil {
		return err
	}
	if why := refusal(*order, record, c.Instance, c.Pod, owner); why != "" {
		log.Info("order is not carried out", "do", order.Do, "at", order.At, "because", why)
		return nil
	}
	if err := v.carryOut(*order, log); err != nil {
		return fmt.Errorf("%s of %s: %w", order.Do, c.Instance, err)
	}
	return nil
}

// ask asks for the order until there is an answer or patience is over.
func (c Config) ask(ctx context.Context) (*Order, topology.Record, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		once, done := context.WithTimeout(limited, askTimeout)
		order, record, err := c.Source.Pending(once, c.Instance)
		done()
		if err == nil {
			return order, record, nil
		}
		select {
		case <-time.After(askAgain):
		case <-limited.Done():
			return nil, topology.Record{}, errors.Join(err, ctx.Err())
		}
	}
}
