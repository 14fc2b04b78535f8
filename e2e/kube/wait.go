package kube

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// wholeWithin bounds the time to heal completely: pods that start, an epoch
// refresh that waits for the last of them, a reseed.
const wholeWithin = 3 * time.Minute

// poll is how often the suite looks. More often would take CPU time from the
// cluster that is being measured.
const poll = 200 * time.Millisecond

// Await waits for a condition. Its error tells why the condition was not met last.
func Await(ctx context.Context, what string, within time.Duration, met func(context.Context) error) error {
	var last error
	err := wait.For(func(ctx context.Context) (bool, error) {
		last = met(ctx)
		return last == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(within), wait.WithInterval(poll), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("not within %s: %s: %w", within, what, cmp.Or(last, err))
	}
	return nil
}

// Pass lets a time pass, or returns why ctx has ended.
func Pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// eventually is Await for a test.
func eventually(ctx context.Context, t testing.TB, what string, within time.Duration, met func(context.Context) error) {
	t.Helper()
	if err := Await(ctx, what, within, met); err != nil {
		t.Fatal(err)
	}
}

// Status asks a controller.
func (r *Release) Status(ctx context.Context) (api.Status, error) {
	ctx, cancel := short(ctx)
	defer cancel()
	return r.API.Status(ctx)
}

// Until waits until the status is as wanted, and returns it.
func (r *Release) Until(ctx context.Context, t testing.TB, what string, within time.Duration, wanted func(api.Status) bool) api.Status {
	t.Helper()
	var last api.Status
	eventually(ctx, t, what, within, func(ctx context.Context) error {
		status, err := r.Status(ctx)
		if err != nil {
			return err
		}
		last = status
		if !wanted(status) {
			return fmt.Errorf("status: %s", describe(status))
		}
		return nil
	})
	return last
}

// Whole waits until the release has healed: the databases have a main and a
// voter, all are registered, in sync, clean and ready, and both gateways of every
// controller follow the newest record. It returns what a controller then says.
func (r *Release) Whole(ctx context.Context, t testing.TB) api.Status {
	t.Helper()
	status, err := r.AwaitWhole(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// AwaitWhole is Whole where there is no test.
func (r *Release) AwaitWhole(ctx context.Context) (status api.Status, err error) {
	err = Await(ctx, "release "+r.Prefix+" is whole", wholeWithin, func(ctx context.Context) (err error) {
		status, err = r.whole(ctx)
		return err
	})
	return status, err
}

// whole returns the status, or why the release is not whole.
func (r *Release) whole(ctx context.Context) (api.Status, error) {
	n, err := r.settled(ctx)
	if err != nil {
		return api.Status{}, err
	}
	status, err := r.Status(ctx)
	if err != nil {
		return status, err
	}
	if why := broken(status, n); why != "" {
		return status, fmt.Errorf("%s; status: %s", why, describe(status))
	}
	return status, nil
}

// settled returns how many instances there are meant to be, or an error while
// Kubernetes still works on the pods.
func (r *Release) settled(ctx context.Context) (int, error) {
	set, err := r.Client.AppsV1().StatefulSets(r.Namespace).Get(ctx, r.StatefulSet, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	n := int32(1)
	if set.Spec.Replicas != nil {
		n = *set.Spec.Replicas
	}
	s := set.Status
	if s.ObservedGeneration < set.Generation || s.Replicas != n || s.ReadyReplicas != n || s.UpdatedReplicas != n {
		return 0, fmt.Errorf("StatefulSet %s: %d of %d pods are ready, %d are of revision %s", set.Name, s.ReadyReplicas, n, s.UpdatedReplicas, s.UpdateRevision)
	}
	deployment, err := r.Client.AppsV1().Deployments(r.Namespace).Get(ctx, r.Prefix+"-controller", metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	d, want := deployment.Status, *deployment.Spec.Replicas
	if d.ObservedGeneration < deployment.Generation || d.Replicas != want || d.UpdatedReplicas != want || d.ReadyReplicas != want {
		return 0, fmt.Errorf("Deployment %s: %d of %d pods are ready, %d are new, %d are there", deployment.Name, d.ReadyReplicas, want, d.UpdatedReplicas, d.Replicas)
	}
	return int(n), nil
}

// broken says what is missing until a cluster of n instances is whole; empty:
// nothing.
func broken(s api.Status, n int) string {
	switch r := s.Record; {
	case s.Leader == "":
		return "nobody leads"
	case r.Gate != topology.GateOpen:
		return "the gate is " + string(r.Gate)
	case r.Main == "" || r.Voter == "":
		return "there is no main or no voter"
	case len(s.Instances) != n:
		return fmt.Sprintf("%d instances instead of %d", len(s.Instances), n)
	}
	reads := false
	for _, g := range s.Gateways {
		if g.Running && g.Applied != s.Record.Epoch {
			return fmt.Sprintf("gateway %s of %s follows epoch %d", g.Name, s.Controller, g.Applied)
		}
		reads = reads || g.Name == "ro" && g.Running
	}
	for _, i := range s.Instances {
		if why := lame(i, i.Name == s.Record.Main, reads); why != "" {
			return i.Name + " " + why
		}
	}
	return ""
}

// lame says why an instance does not do all that it is there for: reads tells
// whether there is a read gateway that it should serve.
func lame(i api.Instance, main, reads bool) string {
	synced := i.Status == topology.StatusReady || i.Status == topology.StatusReplicating
	switch {
	case i.Health != topology.HealthUp:
		return "is " + string(i.Health)
	case i.Quarantined != nil:
		return "is quarantined"
	case !i.Clean:
		return "has no clean history"
	case i.Terminating:
		return "is being stopped"
	case main:
		return ""
	case !synced:
		return "is " + string(i.Status)
	case reads && !i.InReadPool:
		return "is not in the read pool: " + i.OutOfPool
	}
	return ""
}

func describe(s api.Status) string {
	text := fmt.Sprintf("%s says: leader %q epoch %d main %q voter %q heir %q gate %s plan %q: %s", s.Controller, s.Leader, s.Epoch,
		s.Record.Main, s.Record.Voter, s.Record.Heir, s.Record.Gate, s.Record.Plan, s.Routing.Decision.Reason)
	if n := len(s.Transitions); n > 0 {
		text += fmt.Sprintf("\n  last: %s: %s", s.Transitions[n-1].Kind, s.Transitions[n-1].Text)
	}
	for _, i := range s.Instances {
		text += fmt.Sprintf("\n  %s %s %s %s behind %d clean %v", i.Name, i.Health, i.Role, i.Status, i.Behind, i.Clean)
	}
	return text
}

// moved tells that another instance than old is main and takes writes.
func moved(old string) func(api.Status) bool {
	return func(s api.Status) bool {
		return s.Record.Main != "" && s.Record.Main != old && s.Record.Gate == topology.GateOpen
	}
}

// short bounds a single question.
func short(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 5*time.Second)
}
