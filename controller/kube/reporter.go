package kube

import (
	"context"
	"fmt"
	"strings"
	"time"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

const (
	// reportEvery is how often Kubernetes is told of what changed.
	reportEvery = 250 * time.Millisecond
	// writesMissed is how long writes may be without a main before an event warns
	// of it, and how long after an event the next one does.
	writesMissed = 10 * time.Second
)

// Reporter tells Kubernetes what the controller that leads sees: the readiness
// gates of the database pods and, as Events, what changed.
type Reporter struct {
	// Status is the controller's.
	Status    func() api.Status
	Readiness interface {
		Report(name string, inSync bool, why string)
	}
	Events interface {
		Normal(reason, note string)
		Warning(reason, note string)
	}
	// Leads tells whether this controller leads: nobody else reports anything.
	Leads func() bool

	told   time.Time // of the last transition that was told, or need not be
	warned time.Time
}

// Run reports until ctx ends.
func (r *Reporter) Run(ctx context.Context) error {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.report(r.Status())
		}
	}
}

func (r *Reporter) report(status api.Status) {
	leads := r.Leads()
	for _, t := range status.Transitions {
		if t.Time.After(r.told) {
			r.told = t.Time
			if leads {
				r.announce(t)
			}
		}
	}
	if !leads {
		return
	}
	r.warn(status)
	for _, i := range status.Instances {
		inSync, why := inSync(status, i)
		r.Readiness.Report(i.Name, inSync, why)
	}
}

// announce makes an event of a transition. What is bad news is a warning.
func (r *Reporter) announce(t api.Transition) {
	switch {
	case t.Kind == api.TransitionEpoch: // of no interest in itself
	case isBad(t.Kind):
		r.Events.Warning(string(t.Kind), t.Text)
	default:
		r.Events.Normal(string(t.Kind), t.Text)
	}
}

func isBad(kind api.TransitionKind) bool {
	switch kind {
	case api.TransitionRefused, api.TransitionQuarantined, api.TransitionUnreplicated, api.TransitionGivenUp, "FailoverBegun", "HandoverBegun", "ReturnBegun":
		return true
	}
	return false
}

// warn says that nobody takes writes, and why.
func (r *Reporter) warn(status api.Status) {
	since, now := status.Record.Since, status.Time
	if status.Epoch == 0 || status.Record.Gate == topology.GateOpen || now.Sub(since) < writesMissed || now.Sub(r.warned) < writesMissed {
		return
	}
	r.warned = now
	r.Events.Warning("NoWrites", fmt.Sprintf("no instance takes writes: %s", status.Routing.Decision.Reason))
}

// inSync tells whether a rolling restart may go on to the next pod after this
// one: it has everything, and could be promoted without the others being refused.
// A main is, while somebody could follow it.
func inSync(status api.Status, i api.Instance) (ok bool, why string) {
	record := status.Record
	switch {
	case i.Health != topology.HealthUp:
		return false, "it does not answer"
	case i.Name == record.Main && record.Gate == topology.GateClosed:
		return false, "it is the main and takes no writes yet"
	case i.Name == record.Main && record.Voter == "" && len(status.Instances) > 1:
		return false, "it is the main and no replica could follow it"
	case i.Name == record.Main:
		return true, "it is the main"
	case i.Quarantined != nil:
		return false, "its data are set aside: " + i.Quarantined.Reason
	case i.Status == "":
		return false, "it is not registered at the main"
	case i.Status != topology.StatusReady && i.Status != topology.StatusReplicating:
		return false, fmt.Sprintf("its replication is %q", strings.ToLower(string(i.Status)))
	case !i.Clean:
		return false, "it has restarted since the last database epoch began; the next one begins soon"
	}
	return true, "it replicates"
}
