package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Faults makes an instance misbehave while it runs. As an http.Handler it
// returns the faults that are set to GET, and takes others by PUT or POST:
//
//	{"freeze": true}
//	{"replication": {"delay": "50ms", "drop": true, "freeze": true}}
//	{"fsync": {"delay": "2s", "freeze": true, "error": true}}
//
// What a body leaves out is off. All methods may be called concurrently.
type Faults struct {
	mu      sync.Mutex
	set     FaultSet
	changed chan struct{} // closed by Set
}

// FaultSet is what is wrong with an instance. The zero value is nothing.
type FaultSet struct {
	// Freeze stops the whole process, as SIGSTOP does: connections are
	// accepted, nothing is answered, nothing is given up.
	Freeze      bool              `json:"freeze"`
	Replication ReplicationFaults `json:"replication"`
	Fsync       FsyncFaults       `json:"fsync"`
}

// ReplicationFaults concern what the instance sends and receives as a main or
// replica.
type ReplicationFaults struct {
	Delay  Duration `json:"delay"`  // of each message
	Drop   bool     `json:"drop"`   // messages are lost
	Freeze bool     `json:"freeze"` // messages wait until this is off
}

// FsyncFaults concern syncing files.
type FsyncFaults struct {
	Delay  Duration `json:"delay"`
	Freeze bool     `json:"freeze"` // syncs wait until this is off
	Error  bool     `json:"error"`  // syncs fail, of which Memgraph dies
}

// Duration is a time.Duration that reads "50ms" in JSON.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("want a duration such as \"50ms\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	*d = Duration(parsed)
	return err
}

// Set puts other faults in the place of those before.
func (f *Faults) Set(set FaultSet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = set
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// Get returns what is set.
func (f *Faults) Get() FaultSet {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set
}

// await waits until the faults are as wanted.
func (f *Faults) await(ctx context.Context, wanted func(FaultSet) bool) error {
	for {
		f.mu.Lock()
		if wanted(f.set) {
			f.mu.Unlock()
			return nil
		}
		if f.changed == nil {
			f.changed = make(chan struct{})
		}
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// thaw waits while the process is frozen.
func (f *Faults) thaw(ctx context.Context) error {
	return f.await(ctx, func(s FaultSet) bool { return !s.Freeze })
}

// message is the replication.Gate.
func (f *Faults) message(ctx context.Context) bool {
	if f.await(ctx, func(s FaultSet) bool { return !s.Freeze && !s.Replication.Freeze }) != nil {
		return false
	}
	now := f.Get().Replication
	return pause(ctx, time.Duration(now.Delay)) == nil && !now.Drop
}

var errFsync = errors.New("input/output error (injected)")

// sync runs before each fsync.
func (f *Faults) sync(ctx context.Context) error {
	if err := f.await(ctx, func(s FaultSet) bool { return !s.Freeze && !s.Fsync.Freeze }); err != nil {
		return err
	}
	now := f.Get().Fsync
	if err := pause(ctx, time.Duration(now.Delay)); err != nil {
		return err
	}
	if now.Error {
		return errFsync
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP implements http.Handler.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut, http.MethodPost:
		var set FaultSet
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&set); err != nil {
			http.Error(w, fmt.Sprintf("faults: %v", err), http.StatusBadRequest)
			return
		}
		f.Set(set)
	default:
		w.Header().Set("Allow", "GET, PUT, POST")
		http.Error(w, "use GET, PUT or POST", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(f.Get()) // the client is gone, or it is not
}
