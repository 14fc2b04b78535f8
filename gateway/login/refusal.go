package login

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"memgraph-controller/gateway"
)

// codeTransient is Memgraph's code for what drivers try again.
const codeTransient = "Memgraph.TransientError.MemgraphError.MemgraphError"

// noMain is the end of a login that nobody could check.
func noMain(waited time.Duration) *gateway.Refusal {
	const why = "The login could not be checked: there is no main to ask."
	return &gateway.Refusal{
		Reason: gateway.RejectNoMain, Err: fmt.Errorf("no main answered for %s", waited),
		Answer: failure(codeTransient, why+" Try again later."),
	}
}

// misconduct is the end of a client that opens as none does.
func misconduct(format string, args ...any) *gateway.Refusal {
	return &gateway.Refusal{Reason: gateway.RejectOpening, Err: fmt.Errorf(format, args...)}
}

// fault makes a refusal of what went wrong at the client's side.
func fault(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &gateway.Refusal{Reason: gateway.RejectDeserted, Err: err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return misconduct("the login was not complete in time: %w", err)
	default:
		return misconduct("the login cannot be read: %w", err)
	}
}
