package prestart

import (
	"fmt"
	"slices"

	"memgraph-controller/controller/topology"
)

// refusal says why an order must not be carried out; empty when it must be.
// owner is the last pod that used the data, pod is this one.
func refusal(o Order, record topology.Record, instance, pod, owner string) string {
	if why := outdated(o, pod, owner); why != "" {
		return why
	}
	if record.Epoch == 0 {
		return "there is no record that would allow it"
	}
	if o.Do == Restart {
		if record.Main == instance {
			return "the record names it as main: without its role it would take writes that only it has"
		}
		return ""
	}
	quarantine := record.Members[instance].Quarantined
	switch {
	case slices.Contains([]string{record.Main, record.Heir, record.Voter, record.From}, instance):
		return "the record needs its data: they hold every acknowledged write"
	case quarantine == nil:
		return "the record does not quarantine it"
	case quarantine.Process != o.Process:
		return fmt.Sprintf("the record quarantines process %s of it, not %s", quarantine.Process, o.Process)
	}
	return ""
}

func outdated(o Order, pod, owner string) string {
	switch {
	case o.Pod == pod:
		return "it is about this very pod, which was not replaced"
	case owner == "":
		return "nobody knows which pod used the data last"
	case o.Pod != owner:
		return fmt.Sprintf("it is about the data that pod %s left; since then pod %s has used them", o.Pod, owner)
	}
	return ""
}
