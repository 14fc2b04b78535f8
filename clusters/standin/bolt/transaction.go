package bolt

func (c *conn) begin(r request) error {
	if err := c.expect(r, 1, ready, txReady); err != nil {
		return err
	}
	options, err := r.options(0)
	if err != nil {
		return err
	}
	if c.state == txReady {
		return c.fail(clientFailure("Nested transactions are not supported."))
	}
	if err := c.session.Begin(c.interrupts.context(), options); err != nil {
		return c.fail(err)
	}
	c.results.clear()
	c.state = txReady
	return c.sendSuccess(nil)
}

func (c *conn) commit(r request) error {
	if err := c.expect(r, 0, ready, txReady); err != nil {
		return err
	}
	if c.state == ready {
		return c.fail(clientFailure("No current transaction to commit."))
	}
	return c.endTransaction(c.session.Commit(c.interrupts.context()))
}

func (c *conn) rollback(r request) error {
	if err := c.expect(r, 0, ready, txReady); err != nil {
		return err
	}
	if c.state == ready {
		return c.fail(clientFailure("No current transaction to rollback."))
	}
	return c.endTransaction(c.session.Rollback(c.interrupts.context()))
}

func (c *conn) endTransaction(err error) error {
	if err != nil {
		return c.fail(err)
	}
	c.state = ready
	return c.sendSuccess(nil)
}

// options reads what BEGIN and RUN say about their transaction. Bookmarks,
// timeouts and metadata are ignored.
func (r request) options(i int) (o TxOptions, err error) {
	extra, err := r.dictionary(i)
	if err != nil {
		return o, err
	}
	if o.Database, err = entry(extra, "db", ""); err != nil {
		return o, err
	}
	mode, err := entry(extra, "mode", "w")
	o.ReadOnly = mode == "r"
	return o, err
}
