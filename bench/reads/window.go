package reads

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/bench/reads/usage"
	"memgraph-controller/e2e/clients"
	"memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

const (
	// warm is how long readers work before a window begins: their connections are open
	// then, and what the window before left undone is done.
	warm = 1500 * time.Millisecond
	// lasting is how long a window is: 60 periods of the limit of CPU.
	lasting = 6 * time.Second
	// rest is how long nobody reads before a window. While the main is held at its limit its
	// answers to controllers are late, and replicas were seen to leave the read pool: whoever
	// connects then is sent to the others, and stays there. Controllers ask twice a second and
	// wait for 1.5 s at most.
	rest = 2 * time.Second
	// calm is the share of the machine that is idle, over a second without readers, before
	// a window at equal load begins: what readers and the tenth that is to be left need.
	// calmWithin is how long that is waited for; then it is tried all the same.
	calm       = 0.35
	calmWithin = 4 * time.Second
	// busy and many are how many readers there are of each language. A dozen in all keeps
	// five instances busy, and leaves a question of a controller, which waits for its turn
	// among them at each of its round trips, within its time. At equal load more of them
	// are connected, as clients are that mostly wait: what a gateway can spread is their
	// connections.
	busy, many = 6, 24
)

// pair measures a load through both gateways, one after the other.
func (s *stage) pair(ctx context.Context, p figures.Pair) (figures.Pair, error) {
	for _, read := range []bool{p.Number%2 == 0, p.Number%2 != 0} {
		if err := s.rested(ctx, p.Load); err != nil {
			return p, err
		}
		gateway, w := s.release.Write, &p.Write
		if read {
			gateway, w = s.release.Read, &p.Read
		}
		var err error
		if *w, err = s.window(ctx, gateway, p.Load, p.Target); err != nil {
			return p, err
		}
	}
	if err := s.unmoved(ctx); err != nil {
		return p, err
	}
	return p.Judged(), nil
}

// rested waits until the release has recovered from the window before and, where the load
// needs it, for a machine that has time for the next one.
func (s *stage) rested(ctx context.Context, load figures.Load) error {
	if err := kube.Pass(ctx, rest); err != nil {
		return err
	}
	if _, err := s.release.AwaitWhole(ctx); err != nil || load == figures.Saturation {
		return err
	}
	for until := time.Now().Add(calmWithin); time.Now().Before(until); {
		idle, err := idleSecond(ctx)
		if err != nil || idle >= calm {
			return err
		}
	}
	return nil
}

// idleSecond is the share of the machine that is idle in the second to come.
func idleSecond(ctx context.Context) (float64, error) {
	before, err := usage.Here()
	if err != nil {
		return 0, err
	}
	if err := kube.Pass(ctx, time.Second); err != nil {
		return 0, err
	}
	now, err := usage.Here()
	return now.IdleSince(before), err
}

// window has readers work through a gateway and measures them, the writers beside them
// and the instances.
func (s *stage) window(ctx context.Context, gateway string, load figures.Load, rate float64) (w figures.Window, err error) {
	readers, err := s.readers(ctx, gateway, load, rate)
	if err != nil {
		return w, err
	}
	w, begun, err := s.watch(ctx)
	reads, stopped := readers.Stop(context.WithoutCancel(ctx))
	if err := errors.Join(err, stopped); err != nil {
		return w, err
	}
	writes, err := s.writers.History()
	if err != nil {
		return w, err
	}
	ended := begun.Add(time.Duration(w.Seconds * float64(time.Second)))
	w.Reads = answers(reads.Reads, begun, ended)
	w.Clients = byLanguage(reads.Reads, begun, ended)
	w.Writes = acknowledgements(writes.Writes, begun, ended)
	return w, nil
}

// readers begin to read through a gateway.
func (s *stage) readers(ctx context.Context, gateway string, load figures.Load, rate float64) (crew clients.Crew, err error) {
	rates := workload.Rates{Scanners: busy}
	if load == figures.Equal {
		rates = workload.Rates{Scanners: many, Scans: rate / float64(len(languages()))}
	}
	for _, language := range languages() {
		client, err := clients.Start(ctx, language, clients.Config{Write: s.release.Write, Read: gateway, Rates: rates})
		if err != nil {
			_, stopped := crew.Stop(context.WithoutCancel(ctx))
			return nil, errors.Join(fmt.Errorf("%s reader: %w", language, err), stopped)
		}
		crew = append(crew, client)
	}
	return crew, kube.Pass(ctx, warm)
}

// watch lets a window pass and measures what the kernel counts. What is asked of nodes
// for that is asked before the window and after it.
func (s *stage) watch(ctx context.Context) (w figures.Window, begun time.Time, err error) {
	before, err := s.spent(ctx)
	if err != nil {
		return w, begun, err
	}
	machine, err := usage.Here()
	if err != nil {
		return w, begun, err
	}
	begun = time.Now()
	if err := kube.Pass(ctx, lasting); err != nil {
		return w, begun, err
	}
	seconds := time.Since(begun).Seconds()
	now, err := usage.Here()
	if err != nil {
		return w, begun, err
	}
	w = figures.Window{
		Began: begun.UTC(), Seconds: seconds, Idle: now.IdleSince(machine),
		Used: map[string]float64{}, Held: map[string]float64{},
	}
	after, err := s.spent(ctx)
	if err != nil {
		return w, begun, err
	}
	for name := range s.instances {
		if w.Used[name], err = usage.Rate(before[name], after[name]); err != nil {
			return w, begun, fmt.Errorf("%s: %w", name, err)
		}
		w.Held[name] = (after[name].Held - before[name].Held).Seconds() / (after[name].At - before[name].At).Seconds()
	}
	return w, begun, nil
}

// byLanguage are the reads of each client, by its language without the version of its
// driver.
func byLanguage(reads []workload.Read, begun, ended time.Time) map[string]figures.Answers {
	of := map[string][]workload.Read{}
	for _, r := range reads {
		language, _, _ := strings.Cut(r.Client, " ")
		of[language] = append(of[language], r)
	}
	all := map[string]figures.Answers{}
	for language, list := range of {
		all[language] = answers(list, begun, ended)
	}
	return all
}
