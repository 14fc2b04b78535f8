package kube

import (
	"context"
	"fmt"

	"memgraph-controller/e2e/kube/fleet"
)

// lives is who the databases are now.
func (s *Scenario) lives(ctx context.Context) map[string]fleet.Identity {
	s.Helper()
	pods, err := s.Pods(ctx, s.Databases)
	check(s, err, "pods of the databases")
	lives := map[string]fleet.Identity{}
	for i := range pods {
		lives[pods[i].Name] = fleet.Identify(&pods[i], fleet.Database)
	}
	return lives
}

// renewed tells that every database has another pod than before.
func (s *Scenario) renewed(ctx context.Context, old map[string]fleet.Identity) error {
	for name, before := range old {
		pod, err := s.Pod(ctx, name)
		if err != nil {
			return err
		}
		if pod.UID == before.Pod {
			return fmt.Errorf("pod %s was not restarted yet", name)
		}
	}
	return nil
}
