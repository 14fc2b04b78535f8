package controller

import "time"

// Detection is how fast a lost instance is noticed, and how much it takes to be
// sure. Faster means more failovers that were not needed: a false one costs
// clients about half a second and loses nothing.
type Detection struct {
	// ProbeInterval is the time between two questions to one instance; while all is
	// well, each of them takes calm times as long to follow.
	ProbeInterval time.Duration
	// ProbeTimeout is how long one question waits for its answer. Longer than
	// the worst pause of a healthy instance; a role change or a registration
	// delays an answer by up to 0.2 s.
	ProbeTimeout time.Duration
	// SuspectAfter is how long an instance may not answer before it leaves the
	// read pool.
	SuspectAfter time.Duration
	// SilenceAfter is how long it may not answer before silence alone, seen by a
	// majority of the observers, counts as loss. The time to notice a frozen or
	// cut-off main is SilenceAfter + up to calm * ProbeInterval; a dead process is
	// noticed at once by other means.
	SilenceAfter time.Duration
	// MinFailures is how many questions in a row must have failed besides, so
	// that a controller that was itself frozen does not blame the others.
	MinFailures int
}

// FastDetection suits one machine or a quiet network.
func FastDetection() Detection {
	return Detection{
		ProbeInterval: 150 * time.Millisecond, ProbeTimeout: 400 * time.Millisecond,
		SuspectAfter: 600 * time.Millisecond, SilenceAfter: 1200 * time.Millisecond, MinFailures: 3,
	}
}

// BalancedDetection is the default: a frozen main is replaced in about 3 s.
func BalancedDetection() Detection {
	return Detection{
		ProbeInterval: 250 * time.Millisecond, ProbeTimeout: 600 * time.Millisecond,
		SuspectAfter: time.Second, SilenceAfter: 2 * time.Second, MinFailures: 3,
	}
}

// PatientDetection suits overloaded machines: a frozen main costs 7.5 s or so.
func PatientDetection() Detection {
	return Detection{
		ProbeInterval: 500 * time.Millisecond, ProbeTimeout: 1500 * time.Millisecond,
		SuspectAfter: 2 * time.Second, SilenceAfter: 6 * time.Second, MinFailures: 4,
	}
}
