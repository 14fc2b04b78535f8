package api

import (
	"context"
	"net/http"
)

// Reviewer decides on tokens that are not the server's own, such as those that
// Kubernetes gives to people and programs.
type Reviewer interface {
	// Review tells whose token it is, if they may do what the verb says (see Verbs).
	// A refusal is an *[Error]; where nobody can tell, it is [Unavailable].
	Review(ctx context.Context, token, verb string) (user string, err error)
}

// Verbs are what somebody may be allowed to do, one for each call that changes something.
func Verbs() []string { return []string{verbSwitchover, verbFailover, verbPause, verbInstances} }

const (
	verbSwitchover = "switchover"
	verbFailover   = "failover"
	verbPause      = "pause"
	verbInstances  = "instances"
)

// Unauthorized is for a token of nobody (401).
func Unauthorized(message, hint string) error {
	return &Error{Status: http.StatusUnauthorized, Message: message, Hint: hint}
}

// Forbidden is for somebody who may not (403).
func Forbidden(message, hint string) error {
	return &Error{Status: http.StatusForbidden, Message: message, Hint: hint}
}

// caller is who makes a changing call, as far as that is known.
type caller struct {
	// user has been reviewed; empty: whoever has the server's token, or is on its machine.
	user string
	// tells: there are reviews, so that a name that is only claimed has to be marked.
	tells bool
}

// name is who asks, for the record and the log. claimed is what the caller says.
func (c caller) name(claimed string) string {
	switch {
	case c.user != "":
		return c.user
	case c.tells && claimed != "":
		return claimed + " with the admin token"
	case c.tells:
		return "the admin token"
	}
	return claimed
}

// caller finds out who makes a call that the guard has let through, and whether they may.
// It is asked where the call is carried out, by the controller that leads.
func (s *Server) caller(ctx context.Context, r *http.Request, verb string) (caller, error) {
	c := caller{tells: s.config.Reviewer != nil}
	token, _ := bearer(r)
	if !c.tells || s.config.Token != "" && equalInConstantTime(token, s.config.Token) {
		return c, nil
	}
	user, err := s.config.Reviewer.Review(ctx, token, verb)
	c.user = user
	return c, err
}
