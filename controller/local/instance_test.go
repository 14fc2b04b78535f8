package local

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller"
)

// puppet is a process that does what a test wants.
type puppet struct {
	id       int
	stubborn bool // takes no notice of SIGTERM
	started  time.Time
	restore  bool

	mu      sync.Mutex
	signals []syscall.Signal
	done    chan struct{}
}

func (p *puppet) pid() int               { return p.id }
func (p *puppet) ended() <-chan struct{} { return p.done }
func (p *puppet) result() string         { return "exit status 1" }

func (p *puppet) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signals = append(p.signals, s)
	if s == syscall.SIGKILL || s == syscall.SIGTERM && !p.stubborn {
		p.end()
	}
}

// end closes done; the caller holds mu.
func (p *puppet) end() {
	if p.alive() {
		close(p.done)
	}
}

// fall is a death from within.
func (p *puppet) fall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

// got is every signal that came so far.
func (p *puppet) got() []syscall.Signal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.signals)
}

func (p *puppet) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stage is one instance whose processes are puppets.
type stage struct {
	*instance
	mu      sync.Mutex
	puppets []*puppet
	refuse  error         // launching fails with it
	fate    func(*puppet) // what becomes of a new one
	overlap bool          // two processes lived at the same time
}

// let sets the fate of the processes to come, and the error of their starts.
func (s *stage) let(refuse error, fate func(*puppet)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.fate = refuse, fate
}

func lives(*puppet) {}

// perform runs an instance in virtual time.
func perform(t *testing.T, play func(t *testing.T, s *stage)) {
	t.Helper()
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{fate: lives}
		s.instance = &instance{
			snapshot: controller.Process{Name: "memgraph-0"},
			home:     home,
			command: func(restore bool) command {
				if restore {
					return command{args: []string{"restore"}}
				}
				return command{}
			},
			launch: s.launchPuppet,
			pace:   pace{delay: time.Second, maxDelay: 10 * time.Second, notice: 3 * time.Second, grace: 5 * time.Second},
			log:    slog.New(slog.DiscardHandler), changed: func() {},
			orders: make(chan func()), gone: make(chan struct{}),
		}
		require.NoError(t, s.start())
		go s.run()
		play(t, s)
		s.closeNow()
		synctest.Wait()
		for _, p := range s.puppets {
			require.False(t, p.alive(), "a process was left")
		}
		require.False(t, s.overlap, "two processes on one data directory")
	})
}

func (s *stage) launchPuppet(c command) (process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return nil, s.refuse
	}
	if len(s.puppets) > 0 && s.puppets[len(s.puppets)-1].alive() {
		s.overlap = true
	}
	p := &puppet{id: len(s.puppets), done: make(chan struct{}), started: time.Now(), restore: len(c.args) > 0}
	s.puppets = append(s.puppets, p)
	s.fate(p)
	return p, nil
}

func (s *stage) last() *puppet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puppets[len(s.puppets)-1]
}

// do gives an order as Fleet does.
func (s *stage) do(order func() error) error {
	return s.ask(context.Background(), func(reply chan<- error) { reply <- order() })
}

func (s *stage) closeNow() {
	select {
	case s.orders <- func() { s.close(context.Background()) }:
	case <-s.gone:
	}
	<-s.gone
}

// gaps are the times between the starts.
func (s *stage) gaps() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gaps []time.Duration
	for n := 1; n < len(s.puppets); n++ {
		gaps = append(gaps, s.puppets[n].started.Sub(s.puppets[n-1].started))
	}
	return gaps
}

func TestProcessThatEndsAtOnceIsStartedLessAndLessOften(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.let(nil, (*puppet).fall)
		s.last().fall()
		time.Sleep(35500 * time.Millisecond)
		require.Equal(t, []time.Duration{1e9, 2e9, 4e9, 8e9, 10e9, 10e9}, s.gaps())
		s.let(nil, lives)
		time.Sleep(10*time.Second + settled)
		lived := time.Since(s.last().started)
		require.Greater(t, lived, settled)
		s.last().fall()
		time.Sleep(2 * time.Second)
		gaps := s.gaps()
		require.Equal(t, lived+time.Second, gaps[len(gaps)-1], "a start that held forgives the others")
	})
}

func (s *stage) failures() int { return s.seen.Load().Failures }

func TestStartsThatFailAreCountedUntilOneHolds(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		require.NoError(t, s.do(s.kill))
		require.Zero(t, s.failures(), "it was asked to end")
		s.let(nil, (*puppet).fall)
		time.Sleep(7500 * time.Millisecond) // starts after 1, 2 and 4 s
		synctest.Wait()
		require.Equal(t, 3, s.failures())
		require.NoError(t, s.do(s.kill))
		require.Equal(t, 3, s.failures())
		s.let(nil, lives)
		time.Sleep(10 * time.Second)
		require.NoError(t, s.do(s.kill))
		require.Zero(t, s.failures())
	})
}

func TestStartsThatFailAfterAReseedAreNotBlamedOnTheData(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.let(nil, (*puppet).fall)
		s.last().fall()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		require.Equal(t, 3, s.failures())
		require.NoError(t, s.do(func() error { return s.reseed("unreadable") }))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Zero(t, s.failures())
		s.let(nil, lives)
		time.Sleep(20 * time.Second)
		s.let(nil, (*puppet).fall)
		s.last().fall() // this one had held
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 1, s.failures())
	})
}

func TestKilledInstanceComesBackAfterTheDelayHoweverOften(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		for range 5 {
			require.NoError(t, s.do(s.kill))
			require.NoError(t, s.do(s.kill), "killing the dead changes nothing")
			require.True(t, s.seen.Load().Dead)
			time.Sleep(time.Second)
			synctest.Wait()
			require.False(t, s.seen.Load().Dead)
		}
		require.Equal(t, []time.Duration{1e9, 1e9, 1e9, 1e9, 1e9}, s.gaps())
	})
}

func TestIdentityChangesWithEveryStart(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.let(nil, func(p *puppet) { p.id = 0 }) // the system gives the same id again
		before := *s.seen.Load()
		require.NotEmpty(t, before.ID)
		time.Sleep(time.Millisecond)
		require.NoError(t, s.do(s.restart))
		after := *s.seen.Load()
		require.NotEqual(t, before.ID, after.ID)
		require.Greater(t, after.Started, before.Started)
	})
}

func TestGracefulRestartIsAnnouncedThenAskedFor(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		first, restarted := s.last(), make(chan error, 1)
		go func() { restarted <- s.ask(t.Context(), s.retire) }()
		go func() { _ = s.ask(t.Context(), s.retire) }() // twice is once
		time.Sleep(3*time.Second - time.Nanosecond)
		require.True(t, s.seen.Load().Terminating)
		require.Empty(t, first.got())
		require.True(t, first.alive())
		time.Sleep(time.Nanosecond)
		require.NoError(t, <-restarted)
		require.Equal(t, []syscall.Signal{syscall.SIGTERM}, first.got())
		require.Equal(t, []time.Duration{3e9}, s.gaps(), "the next start follows at once")
		require.False(t, s.seen.Load().Terminating)
		require.True(t, s.last().restore)
		time.Sleep(time.Minute)
		require.Len(t, s.gaps(), 1)
	})
}

func TestProcessThatDoesNotEndIsKilledWhenGraceIsOver(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.last().stubborn = true
		require.NoError(t, s.ask(t.Context(), s.retire))
		require.Equal(t, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, s.puppets[0].got())
		require.Equal(t, []time.Duration{8e9}, s.gaps())
	})
}

func TestGracefulRestartOfADeadInstanceStartsIt(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		require.NoError(t, s.do(s.kill))
		require.NoError(t, s.ask(t.Context(), s.retire))
		require.False(t, s.seen.Load().Dead)
		require.Equal(t, []time.Duration{0}, s.gaps())
		time.Sleep(time.Minute)
		require.Len(t, s.gaps(), 1, "the start after the kill is off")
	})
}

func TestKillInTheMiddleOfAGracefulRestartKills(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		restarted := make(chan error, 1)
		go func() { restarted <- s.ask(t.Context(), s.retire) }()
		time.Sleep(time.Second)
		require.NoError(t, s.do(s.kill))
		require.NoError(t, <-restarted)
		require.Equal(t, []time.Duration{2e9}, s.gaps())
		time.Sleep(time.Minute)
		require.Len(t, s.gaps(), 1, "nothing of the old plan is left")
		require.Empty(t, s.last().got())
	})
}

func TestRestartForgetsTheReplicationStateForOneStart(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		require.True(t, s.last().restore)
		require.NoError(t, s.do(s.restart))
		require.False(t, s.last().restore)
		require.Equal(t, []time.Duration{0}, s.gaps(), "it starts at once")
		require.NoError(t, s.do(s.kill))
		time.Sleep(time.Minute)
		require.True(t, s.last().restore)
	})
}

func TestFailedStartIsReportedAndTriedAgain(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		missing := errors.New("no such program")
		s.let(missing, lives)
		require.ErrorIs(t, s.do(s.restart), missing)
		require.True(t, s.seen.Load().Dead)
		s.let(nil, lives)
		time.Sleep(time.Second)
		synctest.Wait()
		require.False(t, s.seen.Load().Dead)
		require.False(t, s.last().restore, "the start that is to forget has not been yet")
	})
}

func TestCloseEndsAStoppedProcessWithMercyFirst(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.last().stubborn = true
		before := time.Now()
		s.closeNow()
		require.Equal(t, []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT, syscall.SIGKILL}, s.last().got())
		require.Equal(t, 5*time.Second, time.Since(before))
		require.True(t, s.seen.Load().Dead)
		require.ErrorIs(t, s.do(s.kill), errClosed)
	})
}

func TestCloseHasNoMercyWhenItsContextEnds(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.last().stubborn = true
		before := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s.orders <- func() { s.close(ctx) }
		<-s.gone
		require.Equal(t, time.Second, time.Since(before))
		require.False(t, s.last().alive())
	})
}

func TestCallerMayLeaveAnOrderBehind(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, s.ask(ctx, s.retire), context.DeadlineExceeded)
		time.Sleep(time.Minute)
		require.Len(t, s.gaps(), 1, "it is carried out all the same")
	})
}

func TestNothingIsBegunForACallerWhoseTimeIsUp(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 { // a select that could go both ways goes both ways
			synctest.Wait()
			require.ErrorIs(t, s.ask(ctx, func(reply chan<- error) { reply <- s.kill() }), context.Canceled)
		}
		require.True(t, s.puppets[0].alive())
	})
}

// TestOrdersFromAllSidesNeverStartTwoProcesses gives every order at random
// moments, while processes die and starts fail; perform checks that never two
// live at a time and that none is left.
func TestOrdersFromAllSidesNeverStartTwoProcesses(t *testing.T) {
	for seed := range uint64(60) {
		perform(t, func(t *testing.T, s *stage) {
			random := rand.New(rand.NewPCG(seed, 0))
			orders := []func() error{
				s.kill, s.kill, s.stop, s.cont, s.restart,
				func() error { return s.reseed("chaos") },
			}
			var busy sync.WaitGroup
			for range 40 {
				pause, order := time.Duration(random.Int64N(20e9)), orders[random.IntN(len(orders))]
				switch random.IntN(4) {
				case 0:
					busy.Go(func() { time.Sleep(pause); s.last().signal(syscall.SIGKILL) })
				case 1:
					busy.Go(func() { time.Sleep(pause); _ = s.ask(t.Context(), s.retire) })
				default:
					busy.Go(func() { time.Sleep(pause); _ = s.do(order) })
				}
			}
			busy.Wait()
			require.NoError(t, s.do(s.cont))
			time.Sleep(time.Minute)
			require.False(t, s.seen.Load().Dead, "whatever happened, it runs again")
		})
	}
}
