package bolt

import (
	"context"
	"fmt"
	"net"
)

// Backend is the database behind a Server.
type Backend interface {
	// NewSession is called once for every accepted connection, after its
	// handshake.
	NewSession(remote net.Addr) Session
}

// Session is the database's side of one connection. The server calls it from
// one goroutine at a time, with one exception: Interrupt.
//
// Errors of type *Failure reach the client as they are. One that wraps ErrHangUp
// ends the connection and says nothing, as a process does that has ended. Any other
// error reaches the client as a general database failure with the error's text.
type Session interface {
	// Login checks credentials (HELLO before Bolt 5.1, LOGON from then on).
	Login(ctx context.Context, auth Auth) error
	// Begin opens an explicit transaction.
	Begin(ctx context.Context, opts TxOptions) error
	// Run starts a query: in the open transaction, or, when none is open, in
	// one of its own that ends with the result (autocommit).
	Run(ctx context.Context, query string, params map[string]any, opts TxOptions) (Result, error)
	// Commit ends the explicit transaction.
	Commit(ctx context.Context) error
	// Rollback undoes the explicit transaction.
	Rollback(ctx context.Context) error
	// Reset undoes whatever is open; the session can be used again.
	Reset(ctx context.Context)
	// Close is called once when the connection ends, however it ends.
	Close()
}

// Result streams the rows of one query.
type Result interface {
	// Fields are the column names.
	Fields() []string
	// Next returns the next row, or io.EOF after the last one.
	Next(ctx context.Context) ([]any, error)
	// Finish ends the query after its last row was taken, or when the client
	// discards the rest. For an autocommit query this is where it commits, so
	// this is where a failed commit shows. It returns the summary's metadata:
	// the entries "type" (r, w, rw), "stats", "notifications", ...
	Finish(ctx context.Context) (map[string]any, error)
}

// Auth is what a client presented.
type Auth struct{ Scheme, Principal, Credentials string }

// TxOptions are the parts of BEGIN and RUN that concern the database.
type TxOptions struct {
	Database string // "" is the default database
	ReadOnly bool   // access mode "r": a hint that Memgraph ignores
}

// Failure is an error as Bolt reports it.
type Failure struct{ Code, Message string }

func (f *Failure) Error() string { return fmt.Sprintf("%s: %s", f.Code, f.Message) }
