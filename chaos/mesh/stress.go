package mesh

// stressChaos is the spec of a StressChaos.
type stressChaos struct {
	containers
	Stressors stressors `json:"stressors"`
	Duration  string    `json:"duration"`
}

type stressors struct {
	CPU cpuStressor `json:"cpu"`
}

type cpuStressor struct {
	Workers int `json:"workers"`
	Load    int `json:"load"`
}

// Starve lets busy workers run in the control group of a container, which takes
// their part of what CPU time the container gets: a slow process, not a dead one.
func (m Mesh) Starve(name string, pods Pods, container string, workers int) *Fault {
	return m.fault(name, "StressChaos", pods, func(a aim) any {
		return stressChaos{
			containers: containers{a, []string{container}},
			Stressors:  stressors{CPU: cpuStressor{Workers: workers, Load: 100}}, Duration: longest.String(),
		}
	})
}
