package prestart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Verb is what an order asks for.
type Verb string

// The verbs.
const (
	Restart Verb = "restart" // forget role and replicas, keep the data
	Reseed  Verb = "reseed"  // set the data aside
)

// Order is what the successor of a pod has to do before its database starts.
type Order struct {
	Do Verb `json:"do"`
	// Pod is the UID of the pod whose data it is about, Process the id of the
	// process that it ends, as controller.Process has it.
	Pod     string `json:"pod"`
	Process string `json:"process"`
	// Reason says why, in the name of the quarantine folder too.
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Encode turns an order into its stored form.
func Encode(o Order) (string, error) {
	if err := o.check(); err != nil {
		return "", err
	}
	data, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("order: %w", err)
	}
	return string(data), nil
}

// Decode reads a stored order. It is strict: what a newer program means by a
// field that this one does not know may be the opposite of what it would do.
func Decode(text string) (Order, error) {
	var o Order
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	if decoder.More() {
		return Order{}, errors.New("order: there is more after its end")
	}
	return o, o.check()
}

func (o Order) check() error {
	switch {
	case o.Do != Restart && o.Do != Reseed:
		return fmt.Errorf("order: %q is neither restart nor reseed", o.Do)
	case o.Pod == "" || o.Process == "":
		return errors.New("order: it does not say which pod and process it is about")
	}
	return nil
}
