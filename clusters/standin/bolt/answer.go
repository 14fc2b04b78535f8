package bolt

import (
	"fmt"

	"memgraph-controller/clusters/standin/bolt/packstream"
)

// sendSuccess ends the answer to a message. Metadata that cannot be encoded
// make a failure of it.
func (c *conn) sendSuccess(metadata map[string]any) error {
	if err := c.add(tagSuccess, metadata); err != nil {
		return c.fail(err)
	}
	return c.flush()
}

func (c *conn) sendFailure(f *Failure) error {
	if err := c.add(tagFailure, map[string]any{"code": f.Code, "message": f.Message}); err != nil {
		return err
	}
	return c.flush()
}

func (c *conn) sendIgnored() error {
	if err := c.add(tagIgnored); err != nil {
		return err
	}
	return c.flush()
}

// add gathers a message. On an error, which is about the fields alone, nothing
// is added.
func (c *conn) add(t tag, fields ...any) (err error) {
	c.scratch, err = packstream.AppendStruct(c.scratch[:0], byte(t), c.version.layout(), fields...)
	if err != nil {
		return err
	}
	c.out.add(c.scratch)
	if cap(c.scratch) > flushAt {
		c.scratch = nil
	}
	return nil
}

// flush writes what was gathered. A client that cannot be written to any more
// gets no further answer.
func (c *conn) flush() error {
	if err := c.out.flush(); err != nil {
		return fmt.Errorf("%w: %w", ErrHangUp, err)
	}
	return nil
}
