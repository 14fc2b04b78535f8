package bolt

import (
	"context"
	"errors"
	"io"
	"maps"
)

// all is the number of rows in a PULL or DISCARD that wants them all.
const all = -1

// run starts a query. In autocommit there is one at a time.
func (c *conn) run(r request) error {
	if err := c.expect(r, 3, ready, txReady, txStreaming); err != nil {
		return err
	}
	query, err := field[string](r, 0)
	if err != nil {
		return err
	}
	params, err := r.dictionary(1)
	if err != nil {
		return err
	}
	options, err := r.options(2)
	if err != nil {
		return err
	}
	result, err := c.session.Run(c.interrupts.context(), query, params, options)
	if err != nil {
		return c.fail(err)
	}
	return c.opened(result)
}

func (c *conn) opened(result Result) error {
	metadata := map[string]any{"fields": result.Fields()}
	if c.state == ready {
		c.results.clear()
		c.results.add(result)
		c.state = streaming
		return c.sendSuccess(metadata)
	}
	metadata["qid"] = c.results.add(result)
	c.state = txStreaming
	return c.sendSuccess(metadata)
}

// deliver answers PULL, with rows, and DISCARD, without.
func (c *conn) deliver(r request) error {
	if err := c.expect(r, 1, streaming, txStreaming); err != nil {
		return err
	}
	n, qid, err := r.portion()
	if err != nil {
		return err
	}
	if n < all {
		return c.fail(invalidArgument("n", "Cannot fetch negative number of results!"))
	}
	rows, err := c.results.find(qid)
	if err != nil {
		return c.fail(err)
	}
	ctx := c.interrupts.context()
	if r.tag == tagPull {
		return c.stream(ctx, rows, n, c.sendRow)
	}
	if n == all {
		return c.finish(ctx, rows)
	}
	return c.stream(ctx, rows, n, func([]any) error { return nil })
}

// stream takes up to n rows.
func (c *conn) stream(ctx context.Context, rows *cursor, n int64, take func([]any) error) error {
	for count := int64(0); ; count++ {
		switch err := rows.peek(ctx); {
		case errors.Is(err, io.EOF):
			return c.finish(ctx, rows)
		case err != nil:
			return c.fail(err)
		case count == n:
			return c.sendSuccess(map[string]any{"has_more": true})
		}
		if err := take(rows.take()); err != nil {
			return c.fail(err)
		}
	}
}

// sendRow fails for a value that cannot be encoded.
func (c *conn) sendRow(row []any) error {
	if err := c.add(tagRecord, row); err != nil {
		return err
	}
	if c.out.full() {
		return c.flush()
	}
	return nil
}

// portion is how many rows of which result are wanted.
func (r request) portion() (n, qid int64, err error) {
	extra, err := r.dictionary(0)
	if err != nil {
		return 0, 0, err
	}
	if n, err = entry(extra, "n", int64(all)); err != nil {
		return 0, 0, err
	}
	qid, err = entry(extra, "qid", int64(-1))
	return n, qid, err
}

// finish ends a query. The summary has what the database says, and the two
// entries that Memgraph's always has.
func (c *conn) finish(ctx context.Context, rows *cursor) error {
	summary, err := rows.result.Finish(ctx)
	if err != nil {
		return c.fail(err)
	}
	metadata := map[string]any{"db": "memgraph"}
	maps.Copy(metadata, summary)
	metadata["has_more"] = false

	c.results.remove(rows)
	switch {
	case c.state == streaming:
		c.state = ready
	case len(c.results.open) == 0:
		c.state = txReady
	}
	return c.sendSuccess(metadata)
}
