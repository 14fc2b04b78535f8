package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// read answers with what get returns.
func (s *Server) read(get func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, get()) }
}

// change carries out one changing call within its time and logs it with whose it is: who
// changes a database should leave a trace.
func (s *Server) change(verb string, call func(context.Context, *http.Request, caller) (Accepted, error)) http.HandlerFunc {
	return s.toLeader(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), backendTimeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		log := s.config.Log.With("path", r.URL.Path, "remote", r.RemoteAddr)
		who, err := s.caller(ctx, r, verb)
		if name := who.name(""); name != "" {
			log = log.With("user", name)
		}
		var accepted Accepted
		if err == nil {
			accepted, err = call(ctx, r, who)
		}
		if err != nil {
			log.Info("a request was refused", "error", err)
			writeError(w, asError(err))
			return
		}
		log.Info("a request was accepted", "id", accepted.ID, "message", accepted.Message)
		writeJSON(w, http.StatusAccepted, accepted)
	})
}

func (s *Server) switchover(ctx context.Context, r *http.Request, who caller) (Accepted, error) {
	var request SwitchoverRequest
	if err := decode(r.Body, &request); err != nil {
		return Accepted{}, err
	}
	request.By = who.name(request.By)
	return s.config.Backend.Switchover(ctx, request)
}

func (s *Server) failover(ctx context.Context, r *http.Request, who caller) (Accepted, error) {
	var request FailoverRequest
	if err := decode(r.Body, &request); err != nil {
		return Accepted{}, err
	}
	request.By = who.name(request.By)
	return s.config.Backend.Failover(ctx, request)
}

// pause insists on a length: an empty body must not resume by accident.
func (s *Server) pause(ctx context.Context, r *http.Request, who caller) (Accepted, error) {
	var body struct {
		PauseRequest
		For *Period `json:"for"`
	}
	if err := decode(r.Body, &body); err != nil {
		return Accepted{}, err
	}
	if body.For == nil {
		return Accepted{}, Invalid("for is missing", `send {"for":"10m"}, or {"for":"0"} to resume`)
	}
	if *body.For < 0 || *body.For > MaxPause {
		return Accepted{}, Invalid(fmt.Sprintf("for is %s", time.Duration(*body.For)),
			fmt.Sprintf("it must be from 0 to %s", time.Duration(MaxPause)))
	}
	return s.config.Backend.Pause(ctx, PauseRequest{For: *body.For, By: who.name(body.By)})
}

func (s *Server) instance(ctx context.Context, r *http.Request, _ caller) (Accepted, error) {
	if err := decode(r.Body, &struct{}{}); err != nil {
		return Accepted{}, err
	}
	action := InstanceAction{Instance: r.PathValue("name"), Do: Action(r.PathValue("action"))}
	if !slices.Contains(Actions(), action.Do) {
		return Accepted{}, refuse(http.StatusNotFound, fmt.Sprintf("there are %v", Actions()),
			"%q is nothing that can be done to an instance", action.Do)
	}
	if err := s.config.Backend.Instance(ctx, action); err != nil {
		return Accepted{}, err
	}
	return Accepted{Message: fmt.Sprintf("%s %s: done", action.Do, action.Instance)}, nil
}

// decode reads one JSON object with known keys only. No body at all is an empty
// object.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			return Invalid("the body goes on after the JSON object", "send one object")
		}
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "send the JSON object alone",
			"the body is larger than %d bytes", maxBodyBytes)
	}
	return Invalid("the body is not what this call takes: "+strings.TrimPrefix(err.Error(), "json: "),
		"GET /openapi.yaml describes it")
}

// writeJSON answers with a value. A value that cannot be encoded is a mistake of
// this package, and a caller that went away needs no answer.
func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

func writeError(w http.ResponseWriter, err *Error) {
	if err.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeJSON(w, err.Status, err)
}

// orEmpty makes an absent list an empty JSON array instead of null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
