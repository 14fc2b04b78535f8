package api

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer other than success. A Backend returns one to choose the
// HTTP status and the sentence; [Client] returns one for whatever the server
// answered. Any other error of a Backend becomes status 500.
type Error struct {
	// Status is the HTTP status.
	Status int `json:"-"`
	// Message names the thing and what is wrong with it.
	Message string `json:"error"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty"`
}

// Error returns the message and the hint as one line.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

// Invalid is for a request that could never be carried out, such as one that
// names an unknown instance (400).
func Invalid(message, hint string) error {
	return &Error{Status: http.StatusBadRequest, Message: message, Hint: hint}
}

// Conflict is for a request that cannot be carried out now (409).
func Conflict(message, hint string) error {
	return &Error{Status: http.StatusConflict, Message: message, Hint: hint}
}

// Unavailable is for a request that this controller cannot take at the moment
// but another one, or this one later, could: no leader, no record (503).
func Unavailable(message, hint string) error {
	return &Error{Status: http.StatusServiceUnavailable, Message: message, Hint: hint}
}

// ErrUnsupported is returned by Backend.Instance where instances are not
// processes of this machine (501).
var ErrUnsupported = errors.New("instances can be killed, stopped and restarted only in local mode")

// asError turns any error into what is answered.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if errors.Is(err, ErrUnsupported) {
		return &Error{
			Status: http.StatusNotImplemented, Message: err.Error(),
			Hint: "on Kubernetes delete the pod instead",
		}
	}
	return &Error{Status: http.StatusInternalServerError, Message: err.Error()}
}

func refuse(status int, hint, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...), Hint: hint}
}
