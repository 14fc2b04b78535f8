package kube

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"memgraph-controller/controller"
)

// The times of the election. A leader that crashed is followed within
//
//	  2.50 s  leaseDuration, counted by the others from when they saw the last renewal
//	+ 0.10 s  until they saw it: the watch's delay
//	+ 0.20 s  one request that takes the lease
//	+ 0.05 s  until the control loop looks at the lease again
//	= 2.85 s
//
// or up to renewEvery sooner, depending on when in its turn it crashed. One that
// stops in order gives the lease back: 0.1 s until the others see it, one
// request, one look of the loop, 0.35 s in all.
//
// renewEvery leaves room for one lost renewal: 1 s, 0.6 s until that is given up,
// 0.25 s pause, 0.6 s for the second one make 2.45 s. With 3 s the loss of the node
// of both main and leader took up to 5.02 s: the lease, then the isolation time of the
// gateway there, then the promotion.
const (
	leaseDuration = 2500 * time.Millisecond
	renewEvery    = time.Second
	leaseTimeout  = 600 * time.Millisecond // of one request
	leaseRetry    = 250 * time.Millisecond
	releaseWithin = 500 * time.Millisecond
)

// Lease elects one of the controllers with a Lease object. The election of
// client-go does not fit: it tells no end of the lease, and it polls, so that
// following a leader that stopped in order within half a second would cost
// several requests a second.
//
// Nobody's clock is compared with anybody else's. The leader counts its lease
// from before it sent the request, the others count from after they saw it, and
// whoever takes the lease replaces the very version that it saw.
type Lease struct {
	leases   coordinationclient.LeaseInterface
	name     string
	identity string
	log      *slog.Logger

	mu    sync.Mutex
	until time.Time
	known *coordinationv1.Lease // as it was last seen; nil: there is none
	since time.Time             // when it was first seen like that

	// The rest belongs to Run.
	listed  bool      // known can be trusted
	leading bool      // as it was last logged
	retryAt time.Time // after a request that failed
}

var _ controller.Lease = (*Lease)(nil)

// NewLease takes part in the election as the controller of a name. Each process
// is a candidate of its own, also if it has the name of one before it: that one
// may still run. Nothing happens before Run.
func NewLease(client kubernetes.Interface, config Config, controller string, log *slog.Logger) *Lease {
	return &Lease{
		leases: client.CoordinationV1().Leases(config.Namespace), name: config.LeaseName(),
		identity: controller + "_" + string(uuid.NewUUID()), log: log,
	}
}

// Until is the end of the lease; the zero time when this controller does not lead.
func (l *Lease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !time.Now().Before(l.until) {
		return time.Time{}
	}
	return l.until
}

// Leader names the controller that leads; empty when nobody is known to.
func (l *Lease) Leader() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if holder(l.known) == "" || !time.Now().Before(l.since.Add(duration(l.known))) {
		return ""
	}
	name := holder(l.known)
	if cut := strings.LastIndexByte(name, '_'); cut >= 0 {
		name = name[:cut]
	}
	return name
}

// Run takes part in the election until ctx ends, and then gives the lease back.
// End it only after the controller has resigned: the next leader may act at once.
func (l *Lease) Run(ctx context.Context) error {
	news := make(chan *coordinationv1.Lease)
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		single("Lease", l.name, l.leases, func(lease *coordinationv1.Lease) {
			select {
			case news <- lease:
			case <-ctx.Done():
			}
		}).follow(ctx, l.log)
	})
	for {
		select {
		case <-ctx.Done():
			l.release(ctx)
			return nil
		case lease := <-news:
			l.hear(ctx, lease)
		case <-time.After(time.Until(l.due())):
			l.claim(ctx)
		}
		l.announce()
	}
}

// hear takes in what the watch says. It is late: what it says against our own
// lease may be from before we took it, so the API server itself is asked.
func (l *Lease) hear(ctx context.Context, lease *coordinationv1.Lease) {
	l.listed = true
	switch {
	case l.Until().IsZero():
		l.adopt(lease)
	case holder(lease) != l.identity:
		l.refetch(ctx)
	}
}

// adopt makes a state of the Lease object the known one.
func (l *Lease) adopt(lease *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if holder(lease) != l.identity {
		l.until = time.Time{}
	}
	if lease == nil || l.known == nil || lease.ResourceVersion != l.known.ResourceVersion {
		l.known, l.since = lease, time.Now()
	}
}

func (l *Lease) refetch(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	lease, err := l.leases.Get(limited, l.name, metav1.GetOptions{})
	switch {
	case err == nil:
		l.adopt(lease)
	case apierrors.IsNotFound(err):
		l.adopt(nil)
	default:
		l.fail(err)
	}
}

func (l *Lease) fail(err error) {
	l.retryAt = time.Now().Add(leaseRetry)
	l.log.Debug("request for the lease failed", "lease", l.name, "error", err)
}

// due is when the lease is to be claimed: renewed if it is ours, taken if nobody
// has it or whoever has it did not renew it for its duration.
func (l *Lease) due() time.Time {
	now := time.Now()
	if !l.listed {
		return now.Add(watchFor) // news will wake us
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now
	switch holder(l.known) {
	case "":
	case l.identity:
		at = l.until.Add(renewEvery - leaseDuration)
	default:
		at = l.since.Add(duration(l.known))
	}
	if l.retryAt.After(at) {
		return l.retryAt
	}
	return at
}

// claim takes or renews the lease. The request goes on when ctx ends: it is
// better to know what became of it before the lease is given back.
func (l *Lease) claim(ctx context.Context) {
	sent := time.Now()
	lease, err := l.send(context.WithoutCancel(ctx), l.draft(sent))
	switch {
	case err == nil:
		l.mu.Lock()
		l.known, l.since, l.until = lease, sent, sent.Add(leaseDuration)
		l.mu.Unlock()
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		l.retryAt = sent.Add(leaseRetry)
		l.refetch(ctx)
	default:
		l.fail(err)
	}
}

// draft is the known Lease object as it is when we hold it.
func (l *Lease) draft(now time.Time) *coordinationv1.Lease {
	draft := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: l.name}}
	if l.known != nil {
		draft = l.known.DeepCopy()
	}
	seconds, at := wholeSeconds(leaseDuration), metav1.NewMicroTime(now)
	if holder(draft) != l.identity {
		transitions := int32(0)
		if draft.Spec.LeaseTransitions != nil {
			transitions = *draft.Spec.LeaseTransitions + 1
		}
		draft.Spec.HolderIdentity, draft.Spec.AcquireTime, draft.Spec.LeaseTransitions = &l.identity, &at, &transitions
	}
	draft.Spec.LeaseDurationSeconds, draft.Spec.RenewTime = &seconds, &at
	metav1.SetMetaDataAnnotation(&draft.ObjectMeta, exactDuration, leaseDuration.String())
	return draft
}

func (l *Lease) send(ctx context.Context, lease *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	if lease.ResourceVersion == "" {
		return l.leases.Create(ctx, lease, metav1.CreateOptions{})
	}
	return l.leases.Update(ctx, lease, metav1.UpdateOptions{})
}

// release gives the lease back, so that nobody has to wait for its end.
func (l *Lease) release(ctx context.Context) {
	l.mu.Lock()
	mine := holder(l.known) == l.identity
	l.until = time.Time{}
	l.mu.Unlock()
	if !mine {
		return
	}
	free := l.known.DeepCopy()
	nobody, second := "", int32(1)
	free.Spec.HolderIdentity, free.Spec.LeaseDurationSeconds = &nobody, &second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	if _, err := l.leases.Update(ctx, free, metav1.UpdateOptions{}); err != nil {
		l.log.Warn("lease not given back; the others wait for its end", "lease", l.name, "error", err)
		return
	}
	l.log.Info("lease given back", "lease", l.name)
}

// announce logs when this controller began or ceased to lead.
func (l *Lease) announce() {
	leads := !l.Until().IsZero()
	switch {
	case leads && !l.leading:
		l.log.Info("leading", "lease", l.name)
	case !leads && l.leading:
		l.log.Warn("not leading any more", "lease", l.name, "leader", l.Leader())
	}
	l.leading = leads
}

func holder(lease *coordinationv1.Lease) string {
	if lease == nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// exactDuration is the annotation with the duration of the lease, of which the Lease
// object itself has whole seconds only. Whoever changes the one leaves the other, which
// then counts for nothing.
const exactDuration = "memgraph-controller.io/lease-duration"

func wholeSeconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }

// duration is how long the lease lasts by the word of whoever holds it.
func duration(lease *coordinationv1.Lease) time.Duration {
	if lease.Spec.LeaseDurationSeconds == nil || *lease.Spec.LeaseDurationSeconds <= 0 {
		return leaseDuration
	}
	seconds := *lease.Spec.LeaseDurationSeconds
	if exact, err := time.ParseDuration(lease.Annotations[exactDuration]); err == nil && wholeSeconds(exact) == seconds {
		return exact
	}
	return time.Duration(seconds) * time.Second
}
