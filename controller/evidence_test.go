package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

func TestJudge(t *testing.T) {
	d := BalancedDetection()
	now := time.Unix(1000, 0)
	ago := func(t time.Duration) time.Time { return now.Add(-t) }
	answers := Sighting{Probes: true, Answered: ago(100 * time.Millisecond)}
	late := Sighting{Probes: true, Answered: ago(time.Second), Failures: 1, FailingSince: ago(d.SuspectAfter / 2)}
	failing := Sighting{Probes: true, Answered: ago(2 * time.Second), Failures: 2, FailingSince: ago(d.SuspectAfter)}
	silent := Sighting{Probes: true, Answered: ago(5 * time.Second), Failures: d.MinFailures, FailingSince: ago(d.SilenceAfter)}
	frozenMyself := Sighting{Probes: true, Answered: ago(time.Hour), Failures: 1, FailingSince: ago(time.Hour)}
	refused := Sighting{Probes: true, Answered: ago(time.Second), Failures: 1, FailingSince: ago(10 * time.Millisecond), Refused: true}
	socket := Sighting{Failures: 1, FailingSince: ago(5 * time.Millisecond), Refused: true}
	quietSocket := Sighting{}

	for name, c := range map[string]struct {
		process Process
		seen    []Sighting
		want    topology.Health
	}{
		"nothing seen yet":                                    {seen: []Sighting{{Probes: true}, quietSocket}, want: topology.HealthUnknown},
		"it answers":                                          {seen: []Sighting{answers, quietSocket}, want: topology.HealthUp},
		"one late answer is no evidence":                      {seen: []Sighting{late}, want: topology.HealthUp},
		"two failures make it suspect":                        {seen: []Sighting{failing}, want: topology.HealthSuspect},
		"silence takes time and questions":                    {seen: []Sighting{silent}, want: topology.HealthSilent},
		"an observer that was frozen itself blames nobody":    {seen: []Sighting{frozenMyself}, want: topology.HealthSuspect},
		"who runs the process knows that it is gone":          {process: Process{Dead: true}, seen: []Sighting{answers}, want: topology.HealthDead},
		"one refusal is not enough":                           {seen: []Sighting{refused, quietSocket}, want: topology.HealthSuspect},
		"a refusal that a gateway confirms is":                {seen: []Sighting{refused, socket}, want: topology.HealthDead},
		"a refusal that a second observer confirms is":        {seen: []Sighting{refused, refused}, want: topology.HealthDead},
		"refused to two, but a third has an answer":           {seen: []Sighting{refused, refused, answers}, want: topology.HealthUp},
		"one observer of three that is cut off moves nothing": {seen: []Sighting{silent, answers, answers}, want: topology.HealthUp},
		"half is no majority":                                 {seen: []Sighting{silent, answers}, want: topology.HealthUp},
		"a majority is":                                       {seen: []Sighting{silent, silent, answers}, want: topology.HealthSilent},
		"whoever has seen nothing yet does not vote":          {seen: []Sighting{silent, {Probes: true}, {Probes: true}}, want: topology.HealthSilent},
		"a gateway's silence says nothing":                    {seen: []Sighting{answers, {Failures: 9, FailingSince: ago(time.Hour)}}, want: topology.HealthUp},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Judge(c.process, c.seen, d, 1, now))
		})
	}
}

func TestPresetsAgreeWithTheirPromises(t *testing.T) {
	for name, d := range map[string]Detection{"fast": FastDetection(), "balanced": BalancedDetection(), "patient": PatientDetection()} {
		require.Less(t, d.SuspectAfter, d.SilenceAfter, name)
		require.Greater(t, d.ProbeTimeout, 200*time.Millisecond, "%s: a role change delays an answer by 0.2 s", name)
		questions := time.Duration(d.MinFailures) * max(d.ProbeInterval, d.ProbeTimeout)
		require.LessOrEqual(t, questions, d.SilenceAfter, "%s: MinFailures delays the verdict", name)
	}
}

func TestObserverThatIsAloneTakesLongerToCallAnInstanceSilent(t *testing.T) {
	d, now := BalancedDetection(), time.Unix(1000, 0)
	silentFor := func(seconds time.Duration) Sighting {
		return Sighting{Observer: "probe", Probes: true, Failures: 10, FailingSince: now.Add(-seconds * time.Second)}
	}
	quiet := Sighting{Observer: "gateways"}
	for name, c := range map[string]struct {
		seen        []Sighting
		controllers int
		want        topology.Health
	}{
		"it is the only one there is":        {[]Sighting{silentFor(3), quiet}, 1, topology.HealthSilent},
		"the others are missing":             {[]Sighting{silentFor(3), quiet}, 3, topology.HealthSuspect},
		"the others are missing, for long":   {[]Sighting{silentFor(6), quiet}, 3, topology.HealthSilent},
		"another one sees the same":          {[]Sighting{silentFor(3), quiet, silentFor(3)}, 3, topology.HealthSilent},
		"another one has not seen it at all": {[]Sighting{silentFor(3), quiet, {Observer: "c2", Probes: true}}, 3, topology.HealthSuspect},
		"another one hears it all the time":  {[]Sighting{silentFor(9), quiet, {Observer: "c2", Probes: true, Answered: now}}, 3, topology.HealthUp},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Judge(Process{}, c.seen, d, c.controllers, now)) })
	}
}
