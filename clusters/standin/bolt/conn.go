package bolt

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// readBuffer is small because thousands of connections may be idle.
	readBuffer = 4 << 10
	// readAhead is how many messages may wait for those before them. Drivers
	// send a few at a time. Beyond it a RESET is not seen before its turn.
	readAhead = 64
)

// ErrHangUp ends a connection without another answer.
var ErrHangUp = errors.New("hang up")

var errLoginTimeout = errors.New("no login in time")

// conn is one connection. Two goroutines serve it: one reads messages ahead,
// so that it sees interruptions and the loss of the connection at once; the
// other executes them in order and owns every field without a note.
type conn struct {
	config  Config
	offer   []version
	net     net.Conn // of both goroutines
	id      string
	log     *slog.Logger
	version version
	session Session
	login   *time.Timer // runs until the client has logged in

	in         *chunkReader        // of the reader
	queue      chan []byte         // from the reader, which closes it
	room       *semaphore.Weighted // of both: bytes that may be in queue
	interrupts *interrupts         // of both
	readError  error               // written before queue is closed

	out     chunkWriter
	scratch []byte // for encoding one message
	state   state
	results results
}

func newConn(config Config, offer []version, nc net.Conn, id string) *conn {
	buffered := bufio.NewReaderSize(nc, readBuffer)
	return &conn{
		config: config,
		offer:  offer,
		net:    nc,
		id:     id,
		log:    config.Log.With("connection", id, "client", nc.RemoteAddr().String()),
		in:     &chunkReader{from: buffered, max: config.MaxMessage},
		queue:  make(chan []byte, readAhead),
		room:   semaphore.NewWeighted(int64(config.MaxMessage)),
		out:    chunkWriter{to: nc},
	}
}

// serve returns when the connection is closed and nothing of it is left.
func (c *conn) serve(ctx context.Context) {
	life, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer c.net.Close()
	c.login = time.AfterFunc(c.config.LoginTimeout, func() {
		end(errLoginTimeout)
		c.net.Close()
	})
	defer c.login.Stop()
	c.log.Debug("bolt connection opened")

	var err error
	if c.version, err = shakeHands(c.in.from, c.net, c.offer); err != nil {
		c.part(life, err)
		return
	}
	c.interrupts = newInterrupts(life)
	c.session = c.config.Backend.NewSession(c.net.RemoteAddr())
	defer c.session.Close()

	var reader sync.WaitGroup
	reader.Go(func() { c.readMessages(life, end) })
	c.part(life, c.executeMessages(life))
	end(nil)
	c.net.Close()
	reader.Wait()
}

// readMessages reads ahead until the connection is lost, which ends life at
// once, or until a message is too long, which is answered in its turn.
func (c *conn) readMessages(life context.Context, end context.CancelCauseFunc) {
	defer close(c.queue)
	for {
		message, err := c.in.next()
		if err != nil {
			c.readError = err
			if !errors.Is(err, errTooLong) {
				end(err)
				c.net.Close() // frees a writer whose client has gone
			}
			return
		}
		if tagOf(message).interrupting() {
			c.interrupts.raise()
		}
		if c.room.Acquire(life, int64(len(message))) != nil {
			return
		}
		select {
		case c.queue <- message:
		case <-life.Done():
			return
		}
	}
}

// executeMessages returns why the connection has to end.
func (c *conn) executeMessages(life context.Context) error {
	for message := range c.queue {
		c.room.Release(int64(len(message)))
		if life.Err() != nil {
			return life.Err()
		}
		// Calls get the context that interrupts end, a child of life.
		if err := c.execute(message); err != nil { // see above
			return err
		}
	}
	return c.readError
}

// part ends the connection for the given reason, with an answer if the client
// has done wrong.
func (c *conn) part(life context.Context, reason error) {
	cause := context.Cause(life)
	switch {
	case errors.Is(cause, errLoginTimeout):
		c.log.Info("bolt connection ended", "reason", cause, "limit", c.config.LoginTimeout)
	case cause != nil || errors.Is(reason, ErrHangUp):
		c.log.Debug("bolt connection ended", "reason", reason)
	default:
		c.log.Info("bolt connection ended: violation of the protocol", "reason", reason, "state", c.state)
		// Not every client reads the answer.
		c.login.Reset(c.config.LoginTimeout)
		_ = c.sendFailure(violation())
	}
}
