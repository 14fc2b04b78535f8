package mesh

// podChaos is the spec of a PodChaos. Its grace period is left out: it is 0, which
// is a deletion by force.
type podChaos struct {
	aim
	Action         string   `json:"action"`
	ContainerNames []string `json:"containerNames,omitempty"`
	Duration       string   `json:"duration,omitempty"`
}

// PodKill deletes pods by force.
func (m Mesh) PodKill(name string, pods Pods) *Fault {
	f := m.fault(name, "PodChaos", pods, func(a aim) any { return podChaos{aim: a, Action: "pod-kill"} })
	f.ends = anotherPod
	return f
}

// ContainerKill kills the process of a container with SIGKILL.
func (m Mesh) ContainerKill(name string, pods Pods, container string) *Fault {
	f := m.fault(name, "PodChaos", pods, func(a aim) any {
		return podChaos{aim: a, Action: "container-kill", ContainerNames: []string{container}}
	})
	f.ends = anotherContainer(container)
	return f
}

// PodFailure keeps the pods' containers from running, with their images replaced by
// one that does nothing, until it is healed. The pods keep their addresses.
func (m Mesh) PodFailure(name string, pods Pods) *Fault {
	return m.fault(name, "PodChaos", pods, func(a aim) any {
		return podChaos{aim: a, Action: "pod-failure", Duration: longest.String()}
	})
}
