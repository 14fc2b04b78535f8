package bolt

import (
	"errors"
	"fmt"
)

// hello begins the session. Before Bolt 5 it carries the credentials too.
func (c *conn) hello(r request) error {
	if c.version.major == 1 {
		_ = c.sendFailure(clientFailure("The stand-in does not implement Bolt 1. Use a driver that speaks Bolt 4.0 or later."))
		return fmt.Errorf("%w: Bolt 1", ErrHangUp)
	}
	if err := c.expect(r, 1, connected); err != nil {
		return err
	}
	extra, err := r.dictionary(0)
	if err != nil {
		return err
	}
	if _, ok := extra["user_agent"].(string); !ok {
		return errors.New("HELLO without a user_agent")
	}
	if c.version.major < 5 {
		return c.authenticate(extra)
	}
	c.state = authentication
	return c.sendIdentity()
}

// logon carries the credentials since Bolt 5.1.
func (c *conn) logon(r request) error {
	if err := c.expect(r, 1, authentication); err != nil {
		return err
	}
	auth, err := r.dictionary(0)
	if err != nil {
		return err
	}
	return c.authenticate(auth)
}

func (c *conn) logoff(r request) error {
	if err := c.expect(r, 0, ready); err != nil {
		return err
	}
	if c.version.major < 5 {
		return fmt.Errorf("LOGOFF in Bolt %s", c.version)
	}
	c.session.Reset(c.interrupts.context())
	c.state = authentication
	return c.sendSuccess(nil)
}

// authenticate asks the database. A client that is refused is also cut off.
func (c *conn) authenticate(from map[string]any) error {
	auth, err := authOf(from)
	if err != nil {
		return err
	}
	switch err := c.checkLogin(auth); {
	case errors.Is(err, ErrHangUp):
		return err
	case err != nil:
		_ = c.sendFailure(failureOf(err))
		return fmt.Errorf("%w: login: %w", ErrHangUp, err)
	}
	c.login.Stop()
	c.state = ready
	return c.sendIdentity()
}

// checkLogin knows the schemes that Memgraph has without a module for more.
func (c *conn) checkLogin(auth Auth) error {
	if auth.Scheme != "basic" && auth.Scheme != "none" {
		return authenticationFailure()
	}
	return c.session.Login(c.interrupts.context(), auth)
}

// authOf reads credentials. Drivers leave out what is empty.
func authOf(from map[string]any) (a Auth, err error) {
	if a.Scheme, err = entry(from, "scheme", "none"); err != nil {
		return a, err
	}
	if a.Principal, err = entry(from, "principal", ""); err != nil {
		return a, err
	}
	a.Credentials, err = entry(from, "credentials", "")
	return a, err
}

// sendIdentity is the answer to HELLO, and Memgraph's to LOGON too.
func (c *conn) sendIdentity() error {
	return c.sendSuccess(map[string]any{"connection_id": c.id, "server": c.config.Agent})
}
