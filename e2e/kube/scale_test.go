package kube

import (
	"context"
	"fmt"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/chaos/fault"
)

func TestScaleUpAndDown(t *testing.T) {
	scenario(t, "new instances join, and the main leaves before its pod does", func(ctx context.Context, s *Scenario) {
		// On two cores five databases do not keep up with 200 writes a second: all replicas
		// but the voter were in recovery for as long as it was written, 3 minutes and more.
		load := s.LoadOf(ctx, writeRate/4)
		s.Cleanup(func() { s.forget(context.WithoutCancel(ctx)) })
		load.Round(ctx, s.scale(3, 5), nil)
		// The pods that go away hold the main: the hardest case.
		load.Round(ctx, s.switchover(ctx, fmt.Sprintf("%s-%d", s.StatefulSet, 4), s.asksALeader), nil)
		load.Round(ctx, s.scale(5, 3), nil)
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
	})
}

// scale changes the number of instances from one to another.
func (s *Scenario) scale(from, to int32) fault.Fault {
	return fault.Change{
		Title: fmt.Sprintf("scaling from %d to %d", from, to),
		Do: func(ctx context.Context) error {
			scale := &autoscalingv1.Scale{
				ObjectMeta: metav1.ObjectMeta{Name: s.StatefulSet, Namespace: s.Namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: to},
			}
			_, err := s.Client.AppsV1().StatefulSets(s.Namespace).UpdateScale(ctx, s.StatefulSet, scale, metav1.UpdateOptions{})
			return err
		},
		Acts: func(ctx context.Context) error {
			status, err := s.Status(ctx)
			if err == nil && len(status.Instances) != int(to) {
				err = fmt.Errorf("%d instances", len(status.Instances))
			}
			return err
		},
	}
}

// forget scales to three and removes the volumes of the others, so that the next
// run of the test finds none with old data.
func (s *Scenario) forget(ctx context.Context) {
	if err := s.scale(5, 3).Inject(ctx); err != nil {
		s.Errorf("scale back to 3: %v", err)
		return
	}
	set, err := s.Client.AppsV1().StatefulSets(s.Namespace).Get(ctx, s.StatefulSet, metav1.GetOptions{})
	if err != nil {
		s.Errorf("volumes of the instances that left: %v", err)
		return
	}
	for _, template := range set.Spec.VolumeClaimTemplates {
		for n := 3; n < 5; n++ {
			name := fmt.Sprintf("%s-%s-%d", template.Name, s.StatefulSet, n)
			if err := s.Client.CoreV1().PersistentVolumeClaims(s.Namespace).Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				s.Logf("volume %s: %v", name, err)
			}
		}
	}
}
