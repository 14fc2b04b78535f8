package kube

import (
	"context"
	"fmt"
	"time"

	"memgraph-controller/chaos/figures"
	"memgraph-controller/controller/api"
	cluster "memgraph-controller/e2e/kube"
)

// timelines returns the changes that began since a time, each once, as a controller
// knows them that saw what led to them: one that was frozen itself, or has just
// started, heard of them too.
func (e *engine) timelines(ctx context.Context, since time.Time) (list []api.Failover, err error) {
	pods, err := e.release.Pods(ctx, e.release.Controllers)
	if err != nil {
		return nil, err
	}
	known := map[string]int{} // places in the list
	for _, p := range pods {
		err := cluster.Await(ctx, "the answer of "+p.Name, 10*time.Second, func(ctx context.Context) error {
			return e.release.WithController(ctx, p.Name, func(client api.Client) error {
				failovers, err := client.Failovers(ctx)
				for _, f := range failovers {
					at, there := known[f.ID]
					switch {
					case !f.Started.After(since):
					case !there:
						known[f.ID] = len(list)
						list = append(list, f)
					case len(list[at].Evidence) == 0:
						list[at] = f
					}
				}
				return err
			})
		})
		if err != nil {
			return nil, fmt.Errorf("failovers that %s led: %w", p.Name, err)
		}
	}
	return list, nil
}

// count enters those changes in which another instance became the main, whether one
// ended with the old main, and the sessions that were cut by all of them.
func count(r *figures.Round, list []api.Failover) {
	for _, f := range list {
		r.SessionsCut += f.SessionsCut
		if f.To == "" || f.Result == api.ResultReverted || f.Result == api.ResultSuperseded {
			continue
		}
		if f.From == f.To {
			r.Returned = r.Returned || f.Kind == api.KindFailover
			continue
		}
		phases := map[string]float64{}
		for _, p := range f.Phases {
			phases[string(p.Name)] = time.Duration(p.Duration).Seconds()
		}
		r.Failovers = append(r.Failovers, figures.Failover{Kind: string(f.Kind), Reason: f.Reason, From: f.From, To: f.To, Phases: phases})
	}
}

// diverged lists the instances that a controller told of as refused or quarantined
// since a time.
func diverged(s api.Status, since time.Time) (list []string) {
	for _, t := range s.Transitions {
		if t.Time.After(since) && (t.Kind == api.TransitionQuarantined || t.Kind == api.TransitionRefused) {
			list = append(list, t.Text)
		}
	}
	return list
}
