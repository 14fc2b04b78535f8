package gateway

import "time"

// ramp bounds how fast held connections are let go: burst at once, then rate
// per second.
type ramp struct {
	rate, burst int
	tokens      float64
	at          time.Time // when tokens was right
}

// take uses up one token and tells whether there was one.
func (r *ramp) take(now time.Time) bool {
	r.refill(now)
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

// next is when take will succeed.
func (r *ramp) next(now time.Time) time.Time {
	r.refill(now)
	missing := max(0, 1-r.tokens)
	return now.Add(time.Duration(missing/float64(r.rate)*float64(time.Second)) + 1)
}

func (r *ramp) refill(now time.Time) {
	if r.at.IsZero() {
		r.tokens = float64(r.burst)
	} else if now.After(r.at) {
		r.tokens = min(float64(r.burst), r.tokens+now.Sub(r.at).Seconds()*float64(r.rate))
	}
	r.at = now
}
