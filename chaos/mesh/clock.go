package mesh

import "time"

// timeChaos is the spec of a TimeChaos.
type timeChaos struct {
	containers
	TimeOffset string   `json:"timeOffset"`
	ClockIDs   []string `json:"clockIds"`
	Duration   string   `json:"duration"`
}

// ClockJump sets the time of day forward, or back where by is negative, for the
// processes of a container that run when it is injected. Monotonic time goes on as
// before, as it does when a machine's clock is set.
func (m Mesh) ClockJump(name string, pods Pods, container string, by time.Duration) *Fault {
	return m.fault(name, "TimeChaos", pods, func(a aim) any {
		return timeChaos{
			containers: containers{a, []string{container}},
			TimeOffset: by.String(), ClockIDs: []string{"CLOCK_REALTIME"}, Duration: longest.String(),
		}
	})
}
