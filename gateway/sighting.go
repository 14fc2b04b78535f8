package gateway

import (
	"context"
	"errors"
	"io"
	"syscall"
	"time"
)

// Sighting is what one socket to an upstream saw.
type Sighting struct {
	Upstream string
	Outcome  Outcome
	At       time.Time
}

// Outcome of a Sighting.
type Outcome string

const (
	// Connected: a dial succeeded.
	Connected Outcome = "connected"
	// Refused: the host answered that nobody listens.
	Refused Outcome = "refused"
	// Reset: the upstream reset a connection.
	Reset Outcome = "reset"
	// Timeout: nothing was heard, neither for a dial nor for bytes sent.
	Timeout Outcome = "timeout"
	// Ended: the upstream ended a session before its client did. It is weak
	// evidence: servers also hang up on clients that say goodbye.
	Ended Outcome = "closed"
)

// outcomeOf tells what an error of a socket to an upstream means. Whatever is
// neither a refusal nor a reset nor an end, such as an unreachable host, is a
// silence.
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Connected
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.Is(err, io.EOF):
		return Ended
	default:
		return Timeout
	}
}

func (g *Gateway) sight(upstream string, outcome Outcome) {
	g.cfg.OnSighting(Sighting{Upstream: upstream, Outcome: outcome, At: time.Now()})
}

// sightDial reports the outcome of a dial, unless it was called off.
func (g *Gateway) sightDial(ctx context.Context, upstream string, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	g.sight(upstream, outcomeOf(err))
}
