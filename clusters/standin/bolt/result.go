package bolt

import (
	"context"
	"fmt"
)

// results are the open results of the session: one in autocommit, any number
// in a transaction, told apart by the qid that RUN gave them.
type results struct {
	open map[int64]*cursor
	next int64 // the next qid
}

func (r *results) clear() { *r = results{} }

// add returns the result's qid.
func (r *results) add(result Result) int64 {
	if r.open == nil {
		r.open = map[int64]*cursor{}
	}
	qid := r.next
	r.open[qid] = &cursor{qid: qid, result: result}
	r.next++
	return qid
}

// find takes the qid of a PULL or DISCARD; -1 stands for the last RUN.
func (r *results) find(qid int64) (*cursor, error) {
	if qid == -1 {
		qid = r.next - 1
	}
	if c, ok := r.open[qid]; ok {
		return c, nil
	}
	return nil, invalidArgument("qid", "Query with specified ID does not exist!")
}

func (r *results) remove(c *cursor) { delete(r.open, c.qid) }

// cursor reads a result one row ahead of the client, which is to learn with
// the last row that it was the last.
type cursor struct {
	qid    int64
	result Result
	row    []any
	loaded bool
}

// peek loads the next row. It returns io.EOF after the last one.
func (c *cursor) peek(ctx context.Context) (err error) {
	if c.loaded {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted by the client: %w", err)
	}
	c.row, err = c.result.Next(ctx)
	c.loaded = err == nil
	return err
}

// take returns the row that peek has loaded.
func (c *cursor) take() []any {
	c.loaded = false
	return c.row
}
