package kube

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
)

// candidate is a controller that stands for election.
type candidate struct {
	*Lease
	net  *network
	stop func()
}

// network is what is between a candidate and the API server.
type network struct {
	coordinationclient.LeaseInterface
	delay, answerDelay atomic.Int64
	cut                atomic.Bool // requests fail at once
	hang               atomic.Bool // requests get no answer
	lost               atomic.Bool // requests arrive, answers get lost
	harmed             atomic.Int64
}

// way takes a request to the server.
func (n *network) way(ctx context.Context) error {
	switch {
	case n.cut.Load():
		return errDown
	case n.hang.Load():
		<-ctx.Done()
	default:
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(n.delay.Load())):
		}
	}
	return ctx.Err()
}

// back takes the answer from the server.
func (n *network) back(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if n.lost.Load() {
		n.harmed.Add(1)
		<-ctx.Done()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(n.answerDelay.Load())):
		return nil
	}
}

func (n *network) Create(ctx context.Context, l *coordinationv1.Lease, o metav1.CreateOptions) (*coordinationv1.Lease, error) {
	return n.round(ctx, func() (*coordinationv1.Lease, error) { return n.LeaseInterface.Create(ctx, l, o) })
}

func (n *network) Update(ctx context.Context, l *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	return n.round(ctx, func() (*coordinationv1.Lease, error) { return n.LeaseInterface.Update(ctx, l, o) })
}

func (n *network) Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error) {
	return n.round(ctx, func() (*coordinationv1.Lease, error) { return n.LeaseInterface.Get(ctx, name, o) })
}

func (n *network) round(ctx context.Context, do func() (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	if err := n.way(ctx); err != nil {
		n.harmed.Add(1)
		return nil, err
	}
	lease, err := do()
	return lease, n.back(ctx, err)
}

// between puts a network that delays requests and answers before a candidate.
func between(l *Lease, delay time.Duration) *network {
	n := &network{LeaseInterface: l.leases}
	n.delay.Store(int64(delay))
	n.answerDelay.Store(int64(delay))
	l.leases = n
	return n
}

func stand(t *testing.T, s *server, name string) *candidate {
	t.Helper()
	l := NewLease(s, config(), name, slog.New(slog.DiscardHandler))
	n := between(l, 5*time.Millisecond)
	c := &candidate{Lease: l, net: n}
	c.stop = background(t, l.Run)
	return c
}

func (c *candidate) leads() bool { return c.Until().After(time.Now()) }

// crash cuts a candidate off for good: it can ask nothing and give nothing back.
func (c *candidate) crash() { c.net.cut.Store(true) }

// elect waits until one of the candidates leads.
func elect(t *testing.T, candidates ...*candidate) (leader *candidate, others []*candidate) {
	t.Helper()
	for range 1000 {
		time.Sleep(10 * time.Millisecond)
		for _, c := range candidates {
			if c.leads() {
				leader = c
			} else {
				others = append(others, c)
			}
		}
		if leader != nil {
			return leader, others
		}
		others = nil
	}
	require.Fail(t, "nobody leads")
	return nil, nil
}

// observe looks at the candidates every millisecond. It fails when two lead, and
// returns how long nobody did.
func observe(t *testing.T, d time.Duration, candidates ...*candidate) (vacant time.Duration) {
	t.Helper()
	for range d / time.Millisecond {
		time.Sleep(time.Millisecond)
		leaders := 0
		for _, c := range candidates {
			if c.leads() {
				leaders++
			}
		}
		require.LessOrEqual(t, leaders, 1, "two lead")
		if leaders == 0 {
			vacant += time.Millisecond
		}
	}
	return vacant
}

func TestOneLeadsAndEverybodyKnowsWho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b, c := stand(t, s, "controller-a"), stand(t, s, "controller-b"), stand(t, s, "controller-c")
		leader, _ := elect(t, a, b, c)
		require.Zero(t, observe(t, time.Minute, a, b, c))
		for _, candidate := range []*candidate{a, b, c} {
			require.Contains(t, leader.identity, candidate.Leader()+"_")
		}
	})
}

func TestLeaseEndsByTheTimeBeforeTheRequestWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		began := time.Now()
		l := NewLease(s, config(), "a", slog.New(slog.DiscardHandler))
		between(l, 300*time.Millisecond)
		background(t, l.Run)
		require.Zero(t, l.Until())
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, began.Add(leaseDuration), l.Until())
	})
}

func TestCrashedLeaderIsFollowedInTime(t *testing.T) {
	for phase := time.Duration(0); phase <= renewEvery; phase += 125 * time.Millisecond {
		t.Run(fmt.Sprint(phase), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				a, b, c := stand(t, s, "a"), stand(t, s, "b"), stand(t, s, "c")
				leader, others := elect(t, a, b, c)
				observe(t, 10*time.Second+phase, a, b, c)
				leader.crash()
				began := time.Now()
				observe(t, 2*leaseDuration, a, b, c)
				elect(t, others...)
				require.Less(t, observeUntil(began, others), 3*time.Second)
			})
		})
	}
}

// observeUntil is how long after a moment one of the candidates took the lease.
func observeUntil(began time.Time, candidates []*candidate) time.Duration {
	synctest.Wait()
	for _, c := range candidates {
		if c.leads() {
			return c.known.Spec.AcquireTime.Sub(began)
		}
	}
	return time.Hour
}

func TestStoppedLeaderGivesTheLeaseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b, c := stand(t, s, "a"), stand(t, s, "b"), stand(t, s, "c")
		leader, others := elect(t, a, b, c)
		observe(t, 5*time.Second, a, b, c)
		began := time.Now()
		leader.stop()
		require.Zero(t, leader.Until())
		require.Less(t, observe(t, 5*time.Second, a, b, c), 500*time.Millisecond)
		next, _ := elect(t, others...)
		require.Less(t, observeUntil(began, others), 500*time.Millisecond)
		require.EqualValues(t, 1, *next.known.Spec.LeaseTransitions)
	})
}

// TestLeaseIsGivenBackWhileARenewalIsUnderWay: the renewal is stored when the
// leader is told to stop, but its answer is still on the way.
func TestLeaseIsGivenBackWhileARenewalIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b := stand(t, s, "a"), stand(t, s, "b")
		leader, others := elect(t, a, b)
		synctest.Wait()
		leader.net.answerDelay.Store(int64(200 * time.Millisecond))
		time.Sleep(time.Until(leader.Until()) - leaseDuration + renewEvery + 100*time.Millisecond)
		leader.stop()
		observe(t, 300*time.Millisecond, a, b)
		require.True(t, others[0].leads())
	})
}

// TestWatchesThatBreakDelayNoTakeover: a follower that reads the same state of
// the lease again counts on.
func TestWatchesThatBreakDelayNoTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b := stand(t, s, "a"), stand(t, s, "b")
		leader, others := elect(t, a, b)
		observe(t, 5*time.Second, a, b)
		leader.crash()
		for range 7 {
			s.fail(nil)
			observe(t, 500*time.Millisecond, a, b)
		}
		require.True(t, others[0].leads())
	})
}

// TestLateNewsOfAnEarlierLeaderTakesNothingAway: the watch tells of the lease of
// the leader before when it was taken already.
func TestLateNewsOfAnEarlierLeaderTakesNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		before := stand(t, s, "a")
		elect(t, before)
		synctest.Wait()
		news := before.known.DeepCopy()
		before.stop()

		leader := NewLease(s, config(), "b", slog.New(slog.DiscardHandler))
		leader.refetch(t.Context())
		leader.claim(t.Context())
		require.NotZero(t, leader.Until())
		leader.hear(t.Context(), news)
		require.NotZero(t, leader.Until())
	})
}

func TestFollowerThatStopsTakesNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b := stand(t, s, "a"), stand(t, s, "b")
		_, others := elect(t, a, b)
		others[0].stop()
		require.Zero(t, observe(t, 10*time.Second, a, b))
	})
}

func TestLeaderSurvivesOneLostRenewal(t *testing.T) {
	for name, fault := range map[string]func(*network) *atomic.Bool{
		"request not answered":  func(n *network) *atomic.Bool { return &n.hang },
		"answer lost":           func(n *network) *atomic.Bool { return &n.lost },
		"connection is refused": func(n *network) *atomic.Bool { return &n.cut },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				a, b := stand(t, s, "a"), stand(t, s, "b")
				leader, _ := elect(t, a, b)
				before := leader.net.harmed.Load()
				for range 20 { // in every phase of a renewal
					fault(leader.net).Store(true)
					require.Zero(t, observe(t, leaseTimeout+leaseRetry-time.Millisecond, a, b))
					fault(leader.net).Store(false)
					require.Zero(t, observe(t, 2*leaseDuration+70*time.Millisecond, a, b))
					require.True(t, leader.leads())
				}
				require.Greater(t, leader.net.harmed.Load(), before+10)
			})
		})
	}
}

func TestLeaderThatIsCutOffCeasesToLeadBeforeTheNextOneBegins(t *testing.T) {
	for name, fault := range map[string]func(*network) *atomic.Bool{
		"requests not answered": func(n *network) *atomic.Bool { return &n.hang },
		"answers lost":          func(n *network) *atomic.Bool { return &n.lost },
		"connections refused":   func(n *network) *atomic.Bool { return &n.cut },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				a, b := stand(t, s, "a"), stand(t, s, "b")
				leader, _ := elect(t, a, b)
				fault(leader.net).Store(true)
				observe(t, 20*time.Second, a, b) // never two
				fault(leader.net).Store(false)
				require.Zero(t, observe(t, 20*time.Second, a, b))
			})
		})
	}
}

// TestStaleWatchStealsNothing: a follower that heard of no renewal, because its
// watch hangs, tries to take a lease that is well kept.
func TestStaleWatchStealsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		leader := stand(t, s, "a")
		elect(t, leader)
		time.Sleep(10 * time.Millisecond)
		deaf := NewLease(s, config(), "b", slog.New(slog.DiscardHandler))
		deaf.listed = true
		deaf.refetch(t.Context())
		time.Sleep(leaseDuration + time.Second)
		require.False(t, deaf.due().After(time.Now()))
		deaf.claim(t.Context())
		require.Zero(t, deaf.Until())
		require.Equal(t, "a", deaf.Leader())
		require.True(t, deaf.due().After(time.Now().Add(leaseDuration-time.Millisecond)), "it waits for the whole duration again")
		require.Zero(t, observe(t, 10*time.Second, leader))
	})
}

func TestProcessOfTheSameNameIsAnotherCandidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		old := stand(t, s, "controller-0")
		elect(t, old)
		successor := stand(t, s, "controller-0")
		require.Zero(t, observe(t, 10*time.Second, old, successor))
		require.True(t, old.leads())
		old.crash()
		observe(t, 10*time.Second, old, successor)
		require.True(t, successor.leads())
	})
}

func TestOutageOfTheServerEndsAndBeginsLeadership(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b := stand(t, s, "a"), stand(t, s, "b")
		elect(t, a, b)
		s.fail(errDown)
		observe(t, time.Minute, a, b)
		require.False(t, a.leads() || b.leads())
		require.Empty(t, a.Leader())
		s.fail(nil)
		require.Less(t, observe(t, 10*time.Second, a, b), time.Second)
	})
}

func TestLeaseThatIsTakenOrDeletedByHandIsLostAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a := stand(t, s, "a")
		elect(t, a)
		synctest.Wait()
		taken := a.known.DeepCopy()
		somebody := "somebody"
		taken.Spec.HolderIdentity = &somebody
		s.put(taken)
		time.Sleep(50 * time.Millisecond)
		require.False(t, a.leads())
		require.Equal(t, "somebody", a.Leader())
		elect(t, a)
		s.remove(taken)
		time.Sleep(time.Second)
		require.True(t, a.leads(), "it is made anew")
	})
}

func TestLeaseOfAnotherNameIsNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		holder, seconds := "stranger", int32(3600)
		s := newServer(&coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "other"},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds},
		})
		a := stand(t, s, "a")
		time.Sleep(time.Second)
		require.True(t, a.leads())
	})
}

// Other programs write whole seconds, a person may change them, and a version of this
// one that comes later may have another duration.
func TestDurationOfALeaseIsItsHolders(t *testing.T) {
	for name, c := range map[string]struct {
		seconds int32
		exact   string
		want    time.Duration
	}{
		"ours":              {3, "2.5s", 2500 * time.Millisecond},
		"of another time":   {4, "3.2s", 3200 * time.Millisecond},
		"of old":            {3, "", 3 * time.Second},
		"changed by hand":   {60, "2.5s", time.Minute},
		"no duration":       {3, "soon", 3 * time.Second},
		"nothing is known":  {0, "2.5s", leaseDuration},
		"negative, by hand": {3, "-2.5s", 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			lease := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{LeaseDurationSeconds: &c.seconds}}
			lease.Annotations = map[string]string{exactDuration: c.exact}
			require.Equal(t, c.want, duration(lease))
		})
	}
}

func TestLeaseCostsOneRequestASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		a, b := stand(t, s, "a"), stand(t, s, "b")
		elect(t, a, b)
		s.ClearActions()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, len(s.Actions()), 61, "only the leader asks")
	})
}
