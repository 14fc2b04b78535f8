package gateway

import (
	"errors"
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
	// Timeout: nothing was heard for a dial or for bytes sent, or the network
	// says that there is no way.
	Timeout Outcome = "timeout"
	// Ended: the upstream ended a session before its client did. It is weak
	// evidence: servers also hang up on clients that say goodbye.
	Ended Outcome = "closed"
)

func (g *Gateway) sight(upstream string, outcome Outcome) {
	g.cfg.OnSighting(Sighting{Upstream: upstream, Outcome: outcome, At: time.Now()})
}

// sightError reports what an error of a socket to an upstream tells about the
// upstream. An error that this side alone is the cause of, such as a lack of
// file descriptors, is no evidence and not reported.
func (g *Gateway) sightError(upstream string, err error) {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		g.sight(upstream, Refused)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		g.sight(upstream, Reset)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.As(err, &timeout) && timeout.Timeout():
		g.sight(upstream, Timeout)
	}
}
