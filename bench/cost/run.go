// Package cost measures what the gateway costs: the same workloads by every way to
// the upstream that package contender has, over and over in turn.
//
// A round is each workload by each contender once. Contenders follow one another
// within a second or two, each begins another round first, and what is compared is
// always of the same round: what else the machine does meets all of them alike.
// Every measurement has a process of its own for the proxy, so that none profits or
// suffers from what the one before has left in it.
package cost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/crowd"
	"memgraph-controller/bench/place"
	"memgraph-controller/bench/record"
	"memgraph-controller/bench/remote"
	"memgraph-controller/clusters/progress"
)

// openFiles are needed at most: six for each of 10,000 sessions, by io.Copy. Where a
// process may not have so many, fewer sessions are opened.
const openFiles = 64_000

// Config says how to measure.
type Config struct {
	// Rounds are how often. Six are the fewest that give a median an interval of
	// 95 %.
	Rounds int
	// Threads each proxy has.
	Threads int
	// Proxy and Peer are the programs of bench/cmd/proxy and bench/cmd/peer.
	Proxy, Peer string
	// Only names the workload to run; "": all.
	Only string
	// Progress hears what is at work, and Book keeps what was measured.
	Progress *progress.Log
	Book     *record.Book
}

func workloads(files int) []workload {
	process := func(r contender.Running) bool { return r.PID() != 0 }
	holds := func(r contender.Running) bool { _, ok := r.(contender.Holder); return ok }
	cuts := func(r contender.Running) bool { _, ok := r.(contender.Cutter); return ok }
	return []workload{
		roundTrips(1), roundTrips(32), roundTrips(256),
		{name: Syscalls, fits: process, measure: syscalls},
		{name: Bulk, measure: bulk},
		{name: Connect, measure: connects},
		idle(files),
		{name: Release, fits: holds, measure: release},
		{name: Cut, fits: cuts, measure: cut},
	}
}

// Run measures everything. It fails with the first measurement that fails: a
// comparison that lacks one of its sides is none.
func Run(ctx context.Context, cfg Config) error {
	if missing := contender.Missing("haproxy", "nginx", "strace"); len(missing) > 0 {
		return fmt.Errorf("without %s there is nothing to compare with: install it with `make bench-tools`, as root on Debian or Ubuntu", strings.Join(missing, ", "))
	}
	files, err := place.Files(openFiles)
	if err != nil {
		return err
	}
	site := contender.Site{Proxy: cfg.Proxy, Threads: cfg.Threads, Files: int(files)}
	var others place.CPUs
	site.CPUs, others = place.Plan(cfg.Threads)
	upstream, err := Peer(cfg.Peer, "upstream", others)
	if err != nil {
		return err
	}
	defer upstream.Stop()
	if err := upstream.Call("address", nil, &site.Upstream); err != nil {
		return err
	}
	if err := cfg.Book.Add(record.Line{Machine: Machine(cfg.Threads, len(site.CPUs) > 0)}); err != nil {
		return err
	}
	for round := 1; round <= cfg.Rounds; round++ {
		for _, w := range workloads(site.Files) {
			if cfg.Only != "" && cfg.Only != w.name {
				continue
			}
			cfg.Progress.Step("round %d of %d: %s", round, cfg.Rounds, w.name)
			if err := cfg.inTurn(ctx, round, w, site, others); err != nil {
				return err
			}
		}
	}
	return nil
}

// inTurn measures one workload by each contender. Who begins changes with the round.
func (cfg Config) inTurn(ctx context.Context, round int, w workload, site contender.Site, others place.CPUs) error {
	all := contender.All()
	for i := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := all[(round+i)%len(all)]
		line := record.Line{Began: time.Now().UTC(), Round: round, Workload: w.name, Contender: c.Name}
		var err error
		if line.Values, err = cfg.once(w, c, site, others); err != nil {
			return fmt.Errorf("%s, %s, round %d: %w", w.name, c.Name, round, err)
		}
		if line.Values == nil {
			continue
		}
		if err := cfg.Book.Add(line); err != nil {
			return err
		}
	}
	return nil
}

// once is one measurement. It returns nothing where the workload is none for this
// contender.
func (cfg Config) once(w workload, c contender.Contender, site contender.Site, others place.CPUs) (values, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	site.Dir = dir
	through, err := c.Start(site)
	if err != nil {
		return nil, err
	}
	defer through.Stop()
	if w.fits != nil && !w.fits(through) {
		return nil, nil
	}
	clients, err := Peer(cfg.Peer, "crowd", others)
	if err != nil {
		return nil, err
	}
	defer clients.Stop()
	return w.measure(crowd.Remote{Process: clients}, through)
}

// Peer starts a program of bench/cmd/peer in one of its roles.
func Peer(program, role string, where place.CPUs) (*remote.Process, error) {
	cmd := exec.Command(program, role)
	cmd.Stderr = os.Stderr
	return remote.Start(role, cmd, where)
}
