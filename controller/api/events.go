package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// lookEvery is how often an open stream looks whether something has changed that
	// nobody wants to wait for, and tellEvery how often it tells all the same.
	lookEvery = 200 * time.Millisecond
	tellEvery = time.Second
	// maxStreams bounds what pages cost: each one is told about 5 kB a second.
	maxStreams = 32
)

// State is what the status page shows.
type State struct {
	Status    Status     `json:"status"`
	Failovers []Failover `json:"failovers"`
	// Events are the newest of Kubernetes, oldest first.
	Events []Event `json:"events,omitempty"`
}

// Event is what Kubernetes or a controller tells of the databases, whoever leads.
type Event struct {
	Time    time.Time `json:"time"`
	Warning bool      `json:"warning,omitempty"`
	// Object is what it is about: its kind and its name.
	Object string `json:"object"`
	// Reason is one word, Text a sentence, and Count how often it happened.
	Reason string `json:"reason"`
	Text   string `json:"text"`
	Count  int    `json:"count"`
}

// events tells the state for as long as somebody listens, as server-sent events named
// "state": at once when a decision changes, and once a second for what drifts.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		writeError(w, refuse(http.StatusServiceUnavailable, "close a page, or ask for /api/v1/status", "%d pages are open already", maxStreams))
		return
	}
	stream := http.NewResponseController(w)
	_ = stream.SetReadDeadline(time.Time{}) // a stream is longer than any other call
	w.Header().Set("Content-Type", "text/event-stream")
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	last, told := "", time.Time{}
	for {
		state := State{Status: s.config.Backend.Status(), Failovers: orEmpty(s.config.Backend.Failovers()), Events: s.config.Events()}
		if now := time.Now(); state.essence() != last || now.Sub(told) >= tellEvery {
			last, told = state.essence(), now
			if tell(w, stream, state) != nil {
				return
			}
		}
		select {
		case <-look.C:
		case <-r.Context().Done():
			return
		case <-s.stopping:
			return
		}
	}
}

// essence is what a page is told of without delay.
func (s State) essence() string {
	running := 0
	for _, f := range s.Failovers {
		running += len(f.Phases) + 1
	}
	d := s.Status.Routing.Decision
	newest := Event{}
	if n := len(s.Events); n > 0 {
		newest = s.Events[n-1]
	}
	return fmt.Sprint(s.Status.Epoch, s.Status.Leader, d.Step, d.Reason, len(s.Status.Transitions), running, newest)
}

// tell sends one event. Who does not take it within writeTimeout is gone.
func tell(w http.ResponseWriter, stream *http.ResponseController, state State) error {
	data, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	if err := stream.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "event: state\ndata: %s\n\n", data); err != nil {
		return err
	}
	return stream.Flush()
}
