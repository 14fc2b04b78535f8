package sim_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"memgraph-controller/chaos/sim"
)

const (
	// batchSize is how many schedules one process carries out.
	batchSize = 100
	// batchWithin is far more than a batch takes; one that hangs is killed.
	batchWithin = 10 * time.Minute
	// batchVariable makes a test process carry out a batch: "from-to".
	batchVariable = "SIM_BATCH"
	batchFormat   = "%d-%d"
	// logVariable makes tests tell all that the parts of a cluster log.
	logVariable = "SIM_LOG"
)

// batch is the schedules with the seeds from first to last.
type batch struct{ first, last uint64 }

// batches are the schedules with count seeds from first on.
func batches(first, count uint64) (all []batch) {
	for last := first + count - 1; first <= last; {
		end := min(last, (first-1)/batchSize*batchSize+batchSize)
		all = append(all, batch{first, end})
		first = end + 1
	}
	return all
}

// run carries a batch out in a process of its own.
func (b batch) run(ctx context.Context) (output string, err error) { return b.by(ctx, os.Args[0]) }

// by carries a batch out with a program, on one processor.
func (b batch) by(ctx context.Context, program string, environment ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchWithin)
	defer cancel()
	command := exec.CommandContext(ctx, program, "-test.run=^TestBatch$", "-test.timeout=0", "-test.failfast")
	command.Env = []string{
		"GOMAXPROCS=1", "GOGC=off", logVariable + "=" + os.Getenv(logVariable), batchVariable + "=" + fmt.Sprintf(batchFormat, b.first, b.last),
	}
	command.Env = append(command.Env, environment...)
	text, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("schedules %d to %d: %w", b.first, b.last, err)
	}
	return string(text), err
}

// Faults by chance. SIM_SCHEDULES says how many schedules (40), SIM_SEED where to
// begin. Under the overlay of chaos/sim/replay one that failed is replayed exactly
// with its number: SIM_SCHEDULES=1 SIM_SEED=number, or make sim SEED=number.
func TestClusterHealsAfterFaultsByChance(t *testing.T) {
	if os.Getenv(batchVariable) != "" {
		t.Skip("a batch is carried out")
	}
	usual := uint64(40)
	if testing.Short() {
		usual = 8
	}
	first, count := number(t, "SIM_SEED", 1), number(t, "SIM_SCHEDULES", usual)
	begun, done := time.Now(), 0
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(runtime.NumCPU())
	results := make(chan string, 1)
	failed := make(chan error, 1)
	go func() {
		for _, b := range batches(first, count) {
			group.Go(func() error {
				output, err := b.run(ctx)
				if err != nil {
					return fmt.Errorf("%w\n%s", err, output)
				}
				results <- output
				return nil
			})
		}
		failed <- group.Wait()
		close(results)
	}()
	for output := range results {
		done += len(summary.FindAllString(output, -1)) - 1 // the first one fills caches
		if done%1000 == 0 {
			fmt.Fprintf(os.Stderr, "%5.0fs  %d schedules\n", time.Since(begun).Seconds(), done)
		}
	}
	if err := <-failed; err != nil {
		t.Fatalf("%v\nexact: %v", err, sim.Exact)
	}
	t.Logf("%d schedules in %s", done, time.Since(begun).Round(time.Second))
	require.GreaterOrEqual(t, uint64(done), count, "schedules that said that they are done")
}

// summary is the line that a batch prints of each schedule.
var summary = regexp.MustCompile(`(?m)^seed (\d+) digest ([0-9a-f]+) .*$`)

// TestBatch is the other process of TestClusterHealsAfterFaultsByChance.
func TestBatch(t *testing.T) {
	text := os.Getenv(batchVariable)
	if text == "" {
		t.Skip("for TestClusterHealsAfterFaultsByChance")
	}
	var b batch
	_, err := fmt.Sscanf(text, batchFormat, &b.first, &b.last)
	require.NoError(t, err, batchVariable)
	timeline := &timeline{}
	carryOut(t, 0, timeline) // fills what is filled once in a process, such as the knowledge of types
	_ = rand.Text()          // the first number in a process, such as of a request, begins a timer
	for n := b.first; n <= b.last; n++ {
		carryOut(t, n, timeline)
	}
}

// carryOut carries out one schedule, and says so.
func carryOut(t *testing.T, seed uint64, timeline *timeline) {
	s := newSchedule(seed)
	timeline.begin()
	took := time.Duration(0)
	t.Run(fmt.Sprint(seed), func(t *testing.T) {
		sim.Run(t, s.options(timeline.log()), func(t *testing.T, c *sim.Cluster) {
			begun := time.Now()
			s.prove(t, c)
			took = time.Since(begun)
		})
	})
	if t.Failed() {
		t.Fatalf("\n%sseed %d: %s\nReplay it with: make sim SEED=%d", timeline, seed, s, seed)
	}
	fmt.Printf("seed %d digest %016x %s\n", seed, timeline.digest.Sum64(), took)
	runtime.GC()
	runtime.GC() // a sync.Pool keeps what it has for one more
}

// timeline keeps all that the parts of a cluster log.
type timeline struct {
	text   bytes.Buffer
	digest interface {
		io.Writer
		Sum64() uint64
	}
}

// begin makes it ready for the next schedule, in the same memory.
func (l *timeline) begin() {
	l.text.Reset()
	l.digest = fnv.New64a()
}

func (l *timeline) Write(line []byte) (int, error) {
	_, _ = l.digest.Write(line)
	return l.text.Write(line)
}

func (l *timeline) String() string { return l.text.String() }

// log writes lines that begin with the virtual time, with SIM_LOG also those that are of
// interest only to whoever looks for a certain thing.
func (l *timeline) log() *slog.Logger {
	level := slog.LevelInfo
	if os.Getenv(logVariable) != "" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				a.Value = slog.StringValue(a.Value.Time().Format("04:05.000000"))
			}
			return a
		},
	}))
}

func TestBatchesCoverAllSeedsOnce(t *testing.T) {
	require.Equal(t, []batch{{1, 100}, {101, 160}}, batches(1, 160))
	require.Equal(t, []batch{{98, 100}, {101, 102}}, batches(98, 5))
	require.Equal(t, []batch{{77, 77}}, batches(77, 1))
}

// The same seeds do the same, whatever else the machine does and whichever were
// carried out before in the same process. The last of these asks for a switchover, which
// none does between 367 and 380.
func TestSchedulesReplayExactly(t *testing.T) {
	if !sim.Exact {
		t.Skip("needs the overlay of chaos/sim/replay: make sim")
	}
	t.Setenv(logVariable, "1")
	var digests [3]string
	group := errgroup.Group{}
	for n, b := range []batch{{366, 381}, {366, 381}, {381, 381}} {
		group.Go(func() error {
			output, err := b.run(t.Context())
			digests[n] = strings.Join(summary.FindAllString(output, -1), "\n")
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 17, strings.Count(digests[0], "digest"), digests[0])
	require.Equal(t, digests[0], digests[1])
	_, alone, _ := strings.Cut(digests[2], "\n")
	require.True(t, strings.HasSuffix(digests[0], alone), "%s\n%s", digests[0], alone)
}
