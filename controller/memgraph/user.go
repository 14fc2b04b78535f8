package memgraph

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// EnsureUser creates user if it does not exist; the password of one that does
// stays as it is. It works on a main only. Registration deletes every user of a
// replica, and a promoted one accepts any credentials until this has run
// (memgraph-observed 4).
func (c *Client) EnsureUser(ctx context.Context, user, password string) error {
	what := fmt.Sprintf("create user %s on %s", user, c.config.Name)
	return c.call(ctx, what, c.config.Timeout, func(ctx context.Context) error {
		statement, err := userStatement(user, password)
		if err != nil {
			return err
		}
		return c.retry(ctx, func(ctx context.Context) error {
			_, err := c.statement(ctx, statement)
			if failure := refused(err); failure != nil && strings.Contains(strings.ToLower(failure.Text), "already exists") {
				return nil
			}
			return passing(err)
		})
	})
}

func userStatement(user, password string) (string, error) {
	if password == "" {
		return "", errors.New("its password is empty, with which the database lets everybody in")
	}
	name, err := quoteName(user)
	if err != nil {
		return "", err
	}
	literal, err := quoteText(password)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return fmt.Sprintf("CREATE USER IF NOT EXISTS %s IDENTIFIED BY %s", name, literal), nil
}
