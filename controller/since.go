package controller

import "time"

// since remembers when values became what they are.
type since map[string]sinceValue

type sinceValue struct {
	value string
	at    time.Time
}

// since returns when key took this value; now, if it just did.
func (s since) since(key, value string, now time.Time) time.Time {
	if last, ok := s[key]; ok && last.value == value {
		return last.at
	}
	s[key] = sinceValue{value, now}
	return now
}
