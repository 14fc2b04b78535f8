package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a length of time that is a number of seconds in JSON, rounded to
// microseconds.
type Duration time.Duration

// Seconds returns d as a number of seconds.
func (d Duration) Seconds() float64 { return time.Duration(d).Seconds() }

// String formats d as time.Duration does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes seconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).Round(time.Microsecond).Seconds())
}

// UnmarshalJSON reads seconds.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return fmt.Errorf("%s is no number of seconds", data)
	}
	*d = Duration(time.Duration(seconds * float64(time.Second)).Round(time.Microsecond))
	return nil
}

// Period is a length of time that a person writes: "10m", "1h30m" or "0".
type Period time.Duration

// MarshalText writes the form that UnmarshalText reads.
func (p Period) MarshalText() ([]byte, error) { return []byte(time.Duration(p).String()), nil }

// UnmarshalText reads a Go duration.
func (p *Period) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no length of time; write for example 90s, 10m or 1h30m", text)
	}
	*p = Period(d)
	return nil
}
