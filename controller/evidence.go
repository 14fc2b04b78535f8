package controller

import (
	"time"

	"memgraph-controller/controller/topology"
)

// Sighting is what one observer knows of one process. Times are by the clock of
// whoever judges.
type Sighting struct {
	// Observer names who saw it.
	Observer string
	// Probes tells that the observer asks questions regularly. One that does not
	// (a gateway sees an instance only when a client connects) can confirm a
	// refused connection, but its silence says nothing.
	Probes bool
	// Answered is when the last question that was answered had been sent.
	Answered time.Time
	// Failures counts the questions since that failed, FailingSince is when the
	// first of them was sent, and Refused tells that the last one met a closed
	// port or a reset.
	Failures     int
	FailingSince time.Time
	Refused      bool
}

// loneliness is how many times longer an instance has to be silent for one observer
// where others are missing.
const loneliness = 3

// observing counts the observers that have seen anything.
func observing(sightings []Sighting) (n int) {
	for _, s := range sightings {
		if s.Probes && (s.Failures > 0 || !s.Answered.IsZero()) {
			n++
		}
	}
	return n
}

// Judge merges what all observers saw of one process into a verdict.
//
// Who runs the process knows best. A refused connection is proof enough when a
// second observer confirms it, because one alone may be cut off by a firewall.
// Silence takes a majority and time. Whoever answers anybody is not dead. Where
// there are meant to be several controllers and only one of them sees anything, it
// may itself be what is cut off: then silence takes loneliness times as long.
func Judge(process Process, sightings []Sighting, d Detection, controllers int, now time.Time) topology.Health {
	if process.Dead {
		return topology.HealthDead
	}
	var probers, answering, refusing, silent, suspicious int
	if controllers > 1 && observing(sightings) == 1 {
		d.SilenceAfter *= loneliness
	}
	for _, s := range sightings {
		if s.Failures > 0 && s.Refused {
			refusing++
		}
		if !s.Probes {
			continue
		}
		probers++
		failing := now.Sub(s.FailingSince)
		switch {
		case s.Failures == 0 && !s.Answered.IsZero():
			answering++
		case s.Failures == 0:
			probers-- // it has not seen anything yet
		case s.Failures >= d.MinFailures && failing >= d.SilenceAfter:
			silent++
		case !s.Refused && failing < d.SuspectAfter && !s.Answered.IsZero():
			answering++ // a late answer is no evidence yet
		default:
			suspicious++
		}
	}
	switch {
	case refusing >= 2 && answering == 0:
		return topology.HealthDead
	case 2*silent > probers:
		return topology.HealthSilent
	case answering > 0:
		return topology.HealthUp
	case suspicious > 0 || silent > 0:
		return topology.HealthSuspect
	}
	return topology.HealthUnknown
}
